"""What is everything called? The release's names on the left, the book's on the right.

The order of each mapping is the order of rows in every table.
"""

from __future__ import annotations

DATASETS = {"c4_original": "c4", "rpj": "redpajama", "rw_original": "refinedweb"}
# Published N (both vocabulary matrices, no query and key norms) and the size as printed.
SIZES = {
    10_569_312: "0.011B",
    78_914_048: "0.079B",
    153_677_376: "0.154B",
    411_616_256: "0.411B",
    1_439_795_200: "1.4B",
    6_889_410_560: "6.9B",
}
# Models that the release names without their shape: width, layers, heads (Table 3 of the paper).
NAMED_SHAPES = {"open_lm_1b": (2048, 24, 16), "open_lm_7b": (4096, 32, 32)}
# A loss set is told apart by the folder of its validation file.
LOSS_SETS = {
    "c4_val": "c4_eval",
    "openlm": "openlm_eval",
    "paloma_c4_en": "paloma_c4",
    "paloma_redpajama": "paloma_redpajama",
    "paloma_falcon-refinedweb": "paloma_refinedweb",
    "paloma_dolma_100_programing_languages": "paloma_code",
    "paloma_ptb": "paloma_ptb",
    "de-en": "c4_german",
}
# The columns of the paper's headline: loss on C4 eval, mean error of the 17 tasks.
LOSS_COLUMN, ERROR_COLUMN = "loss_c4_eval", "err_avg17"
TASK_LABELS = {
    "agi_eval_lsat_ar": "LSAT analytical reasoning",
    "agi_eval_lsat_lr": "LSAT logical reasoning",
    "agi_eval_lsat_rc": "LSAT reading comprehension",
    "agi_eval_sat_en": "SAT English",
    "arc_challenge": "ARC-Challenge",
    "arc_easy": "ARC-Easy",
    "bbq": "BBQ",
    "bigbench_conceptual_combinations": "BIG-bench conceptual combinations",
    "bigbench_conlang_translation": "BIG-bench conlang translation",
    "bigbench_cs_algorithms": "BIG-bench CS algorithms",
    "bigbench_dyck_languages": "BIG-bench Dyck languages",
    "bigbench_elementary_math_qa": "BIG-bench elementary maths",
    "bigbench_language_identification": "BIG-bench language identification",
    "bigbench_logical_deduction": "BIG-bench logical deduction",
    "bigbench_misconceptions": "BIG-bench misconceptions",
    "bigbench_novel_concepts": "BIG-bench novel concepts",
    "bigbench_operators": "BIG-bench operators",
    "bigbench_qa_wikidata": "BIG-bench Wikidata QA",
    "bigbench_repeat_copy_logic": "BIG-bench repeat copy logic",
    "bigbench_strange_stories": "BIG-bench strange stories",
    "bigbench_strategy_qa": "BIG-bench StrategyQA",
    "bigbench_understanding_fables": "BIG-bench fables",
    "boolq": "BoolQ",
    "commonsense_qa": "CommonsenseQA",
    "copa": "COPA",
    "coqa": "CoQA",
    "enterprise_pii_classification": "Enterprise PII",
    "hellaswag": "HellaSwag (10-shot)",
    "hellaswag_zeroshot": "HellaSwag (zero-shot)",
    "jeopardy": "Jeopardy",
    "lambada_openai": "LAMBADA",
    "logi_qa": "LogiQA",
    "math_qa": "MathQA",
    "mmlu": "MMLU (5-shot)",
    "mmlu_zeroshot": "MMLU (zero-shot)",
    "openbook_qa": "OpenBookQA",
    "piqa": "PIQA",
    "pubmed_qa_labeled": "PubMedQA",
    "simple_arithmetic_nospaces": "Arithmetic without spaces",
    "simple_arithmetic_withspaces": "Arithmetic with spaces",
    "siqa": "Social IQa",
    "squad": "SQuAD",
    "winogender_mc_female": "Winogender (female)",
    "winogender_mc_male": "Winogender (male)",
    "winograd": "Winograd",
    "winogrande": "WinoGrande",
}
