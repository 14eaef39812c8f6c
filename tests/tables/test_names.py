"""Names in wide use: which column each stands for, and which stand for none."""

from __future__ import annotations

import pytest

from scaling.tables.names import column_meant, columns_meant, loss_unit_of, read_unit

MEANT = {
    "N": "params, n_params, num_params, numParams, Parameters, parameter_count, total_params, "
    "model/params, num_scaling_params, trainable params, Model Size (M), Parameters [M], "
    "n_parameters, N_active, activeParams, params_M, config/model/N, config.n_params",
    "N_body": "N (non-emb), non_embedding_params, nonEmbParams, Params (non-embedding), n_body",
    "D": "tokens, n_tokens, total_tokens, Training Tokens (B), tokens seen, trainTokens, "
    "num_input_tokens_seen, throughput/total_tokens, consumed_train_tokens, tokens_B, D (tokens)",
    "loss": "val/loss, Val Loss, eval_loss, eval/c4_en-validation/CrossEntropyLoss, cd_val_loss, "
    "lm loss validation, test-loss, final_loss, NLL, val_bpb, perplexity, "
    "eval/wikitext/Perplexity, train/loss, loss (nats), Verlust, Validierungsverlust",
    "M": "tokens per param, Tokens/param, tokens_per_parameter, param_data_ratio, D/N, TPP",
    "C": "FLOPs, total_flos, training FLOPs, compute, train_flops",
    "steps": "num_steps, max_steps, global_step, trainer/global_step, iterations, _step",
    "batch_tokens": "tokens_per_step, batch size (tokens) tokens, tokens per batch, batch_tokens",
    "batch_size": "global_batch_size, batch size, train/batch_size",
    "sequence_length": "seq_len, sequence length, context_length, block_size, n_ctx",
}
CASES = [(name.strip(), ours) for ours, names in MEANT.items() for name in names.split(", ")]


@pytest.mark.parametrize(("name", "ours"), CASES)
def test_a_name_in_wide_use_is_known(name: str, ours: str) -> None:
    assert column_meant(name) == ours


@pytest.mark.parametrize(
    "name",
    [
        *"tokens_per_second unique_tokens tokenizer param_norm loss_std aux_loss lr width".split(),
        *"grad_norm state Created flops_per_second step_time vocab_size _runtime hash".split(),
        *("", "x" * 100_000, "_" * 100_000 + "b", "loss" * 50_000 + "x", "(" * 1000, "/", "a/"),
    ],
)
def test_other_names_mean_nothing(name: str) -> None:
    """However long or odd they are."""
    assert column_meant(name) is None


@pytest.mark.parametrize(
    ("name", "factor", "understood"),
    [
        ("tokens (B)", 1e9, True),
        ("params_M", 1e6, True),
        ("D [10^9]", 1e9, True),
        ("D (10⁹ tokens)", 1e9, True),
        ("N in millions", 1e6, True),
        ("D (trillion tokens)", 1e12, True),
        ("N (non-emb)", 1, True),
        ("D (tokens)", 1, True),
        ("D (steps)", 1, False),
        ("params", 1, True),
        ("N_body", 1, True),
    ],
)
def test_a_unit_is_read_off_a_name(name: str, factor: float, understood: bool) -> None:
    unit = read_unit(name)
    assert (unit.factor, unit.understood) == (factor, understood)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("perplexity", "ppl"),
        ("val_ppl", "ppl"),
        ("eval/wikitext/Perplexity", "ppl"),
        ("val_bpb", "bpb"),
        ("loss (bits per byte)", "bpb"),
        ("val_bpc", "bpb"),
        ("loss (bits)", "bits"),
        ("bits_per_token", "bits"),
        ("loss", None),
        ("loss_apple", None),
        ("loss_rabbits", None),
    ],
)
def test_a_loss_may_name_its_unit(name: str, unit: str | None) -> None:
    assert loss_unit_of(name) == unit


def test_held_out_losses_in_nats_come_first() -> None:
    """A training loss and a perplexity are taken only where there is nothing else."""
    held_out = ["train/loss", "loss", "val/loss", "val/ppl", "eval/loss"]
    assert columns_meant(held_out)["loss"] == ["val/loss", "eval/loss"]
    assert columns_meant(["train/loss", "val/ppl"])["loss"] == ["val/ppl"]
    assert columns_meant(["train/loss", "lr"]) == {"loss": ["train/loss"]}
