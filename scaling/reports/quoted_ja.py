"""What does a report quote in Japanese? Warnings, reasons and sources of the tool, by pattern."""

from __future__ import annotations

# What the tool says in English, as it says it, and how it is said here.
SAID = (
    # why there is no number
    ("no loss", "予測値が損失として意味をなさない"),
    ("the runs do not follow the law", "学習実験が法則に従っていない"),
    ("all runs have one loss", "すべての学習実験の損失が同じである"),
    (
        r"all runs have one (?P<loss>\S+), (?P<value>\S+): is that the right column\?",
        "すべての学習実験の{loss}が{value}です。別の列を読んでいませんか。",
    ),
    ("status at_bound", "指数が探索範囲の端に達した"),
    ("status wrong_sign", "係数の符号が法則に合わない"),
    ("the loss rises with N and D", "NやDを増やすと損失が上がっている"),
    ("the loss rises with (?P<what>N|D)", "{what}を増やすと損失が上がっている"),
    (
        "the loss that is left at any size comes out below zero",
        "どれほど大きくしても残る損失Eが負になっている",
    ),
    (
        "it takes (?P<share>.+) of the compute of the largest run",
        "計算量が最大の学習実験の{share}倍しかない",
    ),
    (
        r"every run of the grid sees its tokens more than (?P<most>\d+) times: the shortest takes "
        r"(?P<D>\S+), got (?P<unique>\S+) different ones: .+",
        "候補のどの学習実験も（最短で{D}トークン）、重複のないトークン{unique}を{most}回を超えて"
        "繰り返すことになる",
    ),
    (
        r"up to (?P<n>\S+) epochs: what repeated tokens are worth was measured on C4, and beyond "
        r"(?P<most>\d+) a further one is worth clearly less",
        "比較したモデルの中には、同じデータを最大{n}回学習するものがあります。繰り返しの価値は"
        "C4で測られた値で、{most}回を超える分の価値は明らかに小さくなります",
    ),
    (
        r"(?P<unique>\S+) different tokens are seen (?P<n>\S+) times each, and the law is one of "
        r"fresh tokens \(nearly as good up to (?P<most>\d+) times\)",
        "重複のないトークンが{unique}しかなく、{n}回ずつ繰り返すことになるが、法則は"
        "重複のないトークンについてのもので、{most}回を超える繰り返しには当てはまらない",
    ),
    (
        "all runs have one loss: what parameters and tokens bring is not known",
        "すべての学習実験の損失が同じで、パラメータやトークンを増やした効果が分からない",
    ),
    ("status not_converged", "当てはめが収束しなかった"),
    ("the law itself leaves the loss open", "法則が正しいとしても損失の範囲が定まらない"),
    (
        r"of (?P<n>\d+) runs one wrong N, D or loss can do this: read every row again before "
        "another run is trained",
        "{n}件のうち1件でもN、D、損失に誤りがあると、こうなることがあります。学習実験を追加する前に、"
        "すべての行を確認してください",
    ),
    (
        "the law itself leaves (?P<lo>.+) to (?P<hi>.+) open",
        "法則が正しいとしても{lo}～{hi}の幅が残る",
    ),
    (
        "over (?P<farthest>.+) times the compute of the largest run, farther than any check",
        "計算量が最大の学習実験の{farthest}倍を超え、検証した範囲を大きく外れている",
    ),
    (
        "all runs have one D: what more tokens bring is not known",
        "すべての学習実験のトークン数Dが同じで、トークンを増やした効果が分からない",
    ),
    (
        "all runs have one N: what more parameters bring is not known",
        "すべての学習実験のパラメータ数Nが同じで、パラメータを増やした効果が分からない",
    ),
    (
        "all runs have one D/N: what other tokens per parameter bring is not known",
        "すべての学習実験の1パラメータあたりのトークン数が同じで、ほかの比率での効果が分からない",
    ),
    (
        "all runs cost the same: how the loss falls with compute is not known",
        "すべての学習実験の計算量が同じで、計算量を増やした効果が分からない",
    ),
    (
        "(?P<what>D|N|D/N|6ND) spans a factor of (?P<factor>.+) only: .+ is not known",
        "学習実験の{what}の開きが{factor}倍しかなく、それを変えた効果が分からない",
    ),
    (
        "N and D rise together in all runs: what either does alone is not known",
        "すべての学習実験でNとDが一緒に増えており、それぞれの効果を分けられない",
    ),
    (
        r"a law with (?P<k>\d+) parameters needs at least (?P<least>\d+) runs that differ in "
        r"(?P<what>.+), got (?P<n>\d+)",
        "係数が{k}個の法則には{what}の異なる学習実験が{least}件以上必要だが、{n}件しかない",
    ),
    (
        r"a backtest needs at least 2 sizes \(distinct (?P<what>.+)\), got (?P<n>\d+)",
        "バックテストにはサイズ（{what}）が2種類以上必要だが、{n}種類しかない",
    ),
    (
        "no size can be predicted from the smaller ones: .+",
        "どのサイズについても、それより小さい学習実験が足りない",
    ),
    (
        "E is held at (?P<E>.+), but must lie below the lowest loss, (?P<lowest>.+)",
        "Eを{E}に固定しているが、最小の損失{lowest}より小さくなければならない",
    ),
    (
        "the target takes (?P<C>.+) FLOPs, no more than the largest run, (?P<largest>.+): nothing "
        "is to be extrapolated",
        "対象モデルの計算量{C} FLOPsは最大の学習実験の{largest} FLOPsを超えず、外挿の必要がない",
    ),
    (
        r"the budget, (?P<budget>.+) FLOPs, is below the cheapest run of the grid, (?P<cheapest>.+) "
        r"\(N = .+",
        "予算{budget} FLOPsが、候補のうち最も安い学習実験の{cheapest} FLOPsに満たない",
    ),
    (
        "no run of the grid costs less than the target: .+",
        "対象モデルより計算量の小さい候補がない",
    ),
    (
        ".+: they cannot say what parameters and what tokens are worth apart; add a run of "
        "another .+",
        "学習実験が一直線上に並び、パラメータ数とトークン数の効果を分けられない",
    ),
    (
        "a law in compute alone does not weigh N against D: ask for prior, tied or free",
        "計算量だけの法則では、パラメータ数とトークン数を比べられない",
    ),
    (
        r"the fitted law does not fall with both N and D .+",
        "当てはめた法則ではNとDの両方で損失が下がらず、両者を比べられない",
    ),
    (
        "loss must be above (?P<floor>.+), got (?P<loss>.+): it is out of reach",
        "損失{loss}は法則の下限（{floor}）を超えておらず、到達できない",
    ),
    (
        "ask what a budget buys.*",
        "予算を指定すれば、その予算で届く損失が分かる",
    ),
    (
        "loss must be above (?P<floor>.+), got (?P<loss>.+): the runs leave (?P<lo>.+) to "
        r"(?P<hi>.+) \((?P<level>.+)\) open for it and .+",
        "損失{loss}は法則の下限（{floor}）を超えていないが、学習実験から分かる下限は{lo}から{hi}"
        "（{level}）までと幅があり、到達できるか分からない",
    ),
    (
        r"first train more \(scaling plan\).*",
        "先に学習実験を増やす必要がある（scaling plan）",
    ),
    (
        "loss must be below (?P<worst>.+), that of the worst of these runs, got (?P<loss>.+): no "
        "run needs planning for it",
        "損失{loss}は最も悪い学習実験の{worst}以上で、計画するまでもない",
    ),
    (
        "with effective-tokens say how many different tokens there are: unique-tokens",
        "実効トークン数で数える場合は、重複のない学習トークン数（--unique-tokens）の指定が必要",
    ),
    ("budget must be at most (?P<most>.+), got .+", "予算が上限の{most} FLOPsを超えている"),
    # what speaks against a prediction
    ("the predicted loss, (?P<loss>.+), is no loss", "予測値{loss}は損失として意味をなしません。"),
    (
        ".+: checkpoints of one run\\? --last-of-run keeps the last of each; .+",
        "1つの学習実験の途中経過（チェックポイント）が混ざっていませんか。--last-of-run を付けると最後のものだけを使います。",
    ),
    (
        r"(?P<n>\d+) runs share N and D with another.*, their losses up to (?P<apart>.+) apart: .+",
        "NもDも同じ学習実験が{n}件あり、損失が最大{apart}違います。条件を変えた探索であれば、--best-of-cell を付けると最良のものだけを使います。",
    ),
    (
        r"(?P<name>loss_std\S*) is empty or 0 in all rows: runs count alike",
        "{name}がすべて空か0のため、学習実験の重みは同じです。",
    ),
    (
        "extrapolated to up to (?P<times>.+) times the compute of the largest run",
        "比較したモデルの中には、最大の学習実験の{times}倍の計算量にまで外挿したものがあります。",
    ),
    (
        "extrapolated to (?P<times>.+) times the compute of the largest run",
        "最大の学習実験の{times}倍の計算量まで外挿しています。",
    ),
    (
        "its tokens per parameter lie outside those of the runs",
        "対象モデルの1パラメータあたりのトークン数が、学習実験の範囲を外れています。",
    ),
    (
        "tokens per parameter outside those of the runs, (?P<lo>.+) to (?P<hi>.+): (?P<names>.+)",
        "比較したモデルの中に、1パラメータあたりのトークン数が学習実験の範囲（{lo}～{hi}）を外れるものがあります。",
    ),
    (
        "its compute is (?P<times>.+) of that of the largest run: .+",
        "対象モデルの計算量が最大の学習実験の{times}倍しかありません。6.9Bのような単位の付け忘れではありませんか。",
    ),
    (
        "intervals were checked up to (?P<most>.+) times the compute of the largest run: farther "
        "out nobody knows whether they hold",
        "区間の被覆率（実測値が区間に入る割合）が検証されているのは、最大の学習実験の{most}倍の計算量までです。",
    ),
    (
        r"(?P<what>N|N_body) spans a factor of (?P<factor>.+) only: (?P<least>.+) or more fixes "
        "the exponent",
        "{what}の開きが{factor}倍しかありません。指数を定めるには{least}倍以上必要です。",
    ),
    (
        "all runs have (?P<M>.+) tokens per parameter: add one with at least (?P<least>.+) times "
        "more, or the cost of over-training is not known",
        "どの学習実験も1パラメータあたり{M}トークンです。その{least}倍以上の学習実験を加えないと、長く学習した場合の効果が分かりません。",
    ),
    (
        "as many coefficients as runs: nothing is left to judge the fit by",
        "係数の数と学習実験の数が同じで、当てはまりの良し悪しを判断できません。",
    ),
    (
        "as many coefficients as runs, and several laws pass through all of them: .+",
        "係数の数と学習実験の数が同じで、複数の法則がすべての点を通ります。学習実験を追加してください。",
    ),
    (
        "the runs cannot tell the coefficients apart: only predictions along their line can hold",
        "学習実験が一直線上に並び、係数を分けられません。その線に沿った予測だけが使えます。",
    ),
    (
        "the runs cannot tell the coefficients apart: several laws fit them alike",
        "学習実験からは係数を分けられません。複数の法則が同じくらいよく当てはまります。",
    ),
    (
        "the runs cannot tell the coefficients apart: all have one loss",
        "すべての学習実験の損失が同じで、係数を分けられません。",
    ),
    (
        "the prior on alpha, (?P<alpha>.+) within a factor of (?P<factor>.+), decides what the "
        "runs leave open",
        "学習実験だけでは決まらない部分は、指数αの事前分布（{alpha}、{factor}倍以内）で補っています。",
    ),
    (
        "the residual, (?P<size>.+) nats, is (?P<share>.+) of the lowest loss .+: these runs do "
        "not follow the law",
        "残差が{size}ナットで最小の損失の{share}に当たります。これらの学習実験は法則に従っていません。",
    ),
    (
        r"a coefficient is negative, E = (?P<E>\S+): E cannot be told from these runs; .+",
        "係数Eが負（{E}）です。これらの学習実験からはEを決められません。",
    ),
    (
        "a coefficient is negative, (?P<which>.+): the loss rises where the law has it fall",
        "係数が負です（{which}）。法則では下がるはずの損失が上がっています。",
    ),
    (
        "(?P<which>.+) stands at the end of its range: the runs do not follow this law",
        "{which}が探索範囲の端に達しています。これらの学習実験はこの法則に従っていません。",
    ),
    (
        "the search for the optimum did not end, so the law is not known to rounding; try another "
        "--law",
        "最適化が収束しませんでした。--law で別の法則を試してください。",
    ),
    (
        "without (?P<run>.+) the fit converges, and its residual is more than (?P<times>.+) times "
        r"smaller: is its N, D or loss mistyped\?",
        "{run}を除くと当てはめが収束し、残差が{times}分の1未満になります。この行に入力の誤りはありませんか。",
    ),
    (
        r"runs of like (?P<what>.+) and D differ by (?P<most>.+) in loss \((?P<pair>.+)\): one law "
        r"for several architectures or recipes\?",
        "{what}とDがほぼ同じ学習実験の間で、損失が{most}違います（{pair}）。構造や学習条件の異なるものを1つの法則に当てはめていませんか。",
    ),
    (
        r"(?P<loss>\S+) of (?P<which>.+) is above (?P<least>.+), that of guessing among the tokens "
        r"of the vocabulary.*: untrained, diverged, or not in nats per token\?",
        "{which}の{loss}が、語彙から当て推量した場合の{least}を上回っています。学習が進んでいないか、発散したか、単位がナット/トークンではない可能性があります。",
    ),
    (
        r"(?:so few runs cannot tell which: a mistyped row does \(its N, D or loss\), |no single row explains it: |the flagged row \(.+\) may be why; where it is right, )?"
        "several architectures, recipes, data sets or units in one law do, or runs too short for one",
        "原因として、構造、学習条件、データ、単位の異なる学習実験の混在、短すぎる学習、または入力の誤りが考えられます。",
    ),
    (
        r"(?:so few runs cannot tell which: a mistyped row does \(its N, D or loss\), |no single row explains it: |the flagged row \(.+\) may be why; where it is right, )?"
        "a learning rate that was never annealed does, or losses that all lie far above E",
        "原因として、学習率を最後まで下げていないこと、すべての損失がEよりはるかに大きいこと、または入力の誤りが考えられます。",
    ),
    (
        "the runs differ in (?P<name>.+) and may need a law for each: map it, (?P<option>.+), and "
        "choose one by --dataset",
        "学習実験の{name}が異なり、それぞれに法則が必要かもしれません。{option} を付け、--dataset で1つを選んでください。",
    ),
    (
        "the vocabulary is (?P<least>.+) to (?P<most>.+)% of N, and no interval covers a wrong "
        "count of parameters: compare --count (?P<count>.+)",
        "Nに占める語彙の割合が{least}～{most}%と幅があり、数え方の誤りはどの区間にも含まれません。--count {count} と比べてください。",
    ),
    # an own KPI
    (
        r"(?P<n>\S+) distinct runs? (?:has|have) a (?P<name>.+) better than chance, .+, and it takes (?P<least>\d+) to judge a line by",
        "{name}が当て推量を上回る学習実験が足りない（{least}件以上必要）",
    ),
    ("(?P<name>.+) is the same in every run, .+", "{name}の値がどの学習実験でも同じである"),
    (
        "(?P<name>.+) (?:is at or above zero|lies between .+ and .+) in every run, and its line would give (?P<value>.+): say between what it can lie, --bounds .+",
        "{name}の予測値{value}が、学習実験の値から考えられる範囲を外れている。--bounds で取りうる範囲を指定すること",
    ),
    (
        "the runs leave (?P<lo>.+) to (?P<hi>.+) open for (?P<name>.+), more than (?:three quarters of what it can be|twice what the runs span): .+",
        "{name}の区間が{lo}～{hi}と広すぎる",
    ),
    (
        r"(?P<n>\S+) distinct runs? (?:has|have) (?P<name>.+), and it takes (?P<least>\d+) to judge a line by",
        "{name}を測った学習実験が足りない（{least}件以上必要）",
    ),
    (
        "the spread of (?P<name>.+) over the runs, (?P<spread>.+), is not above its counting noise, "
        "(?P<noise>.+): more items are needed, or larger runs",
        "{name}の学習実験間の開き{spread}が、問題数の限りから生じるばらつき{noise}を超えていない。問題数を増やすか、より大きい学習実験が必要",
    ),
    (
        "no run has a (?P<name>.+) better than chance, (?P<chance>.+)",
        "{name}が当て推量を上回る学習実験がない",
    ),
    (
        "(?P<name>.+) does not follow the loss: its slope, .+, is not told from zero",
        "{name}が損失に連動しておらず、傾きがゼロと区別できない",
    ),
    (
        "(?P<name>.+) gets worse as the loss falls, where (?:higher|lower) is better: its slope is .+",
        "損失が下がるほど{name}が悪くなっている",
    ),
    ("the runs with (?P<name>.+) have one loss", "{name}を測った学習実験の損失がすべて同じである"),
    (
        "(?P<n>.+) runs? (?:has|have) no (?P<name>.+): used for the loss, not for the line",
        "{name}のない学習実験{n}件は、損失の予測にだけ使いました。",
    ),
    (
        "the loss of the target lies (?P<below>.+) nats below the lowest measured with (?P<name>.+): .+",
        "対象モデルの損失は{name}を測った範囲より{below}ナット低く、関係がその先でも続くかどうかは検証されていません。",
    ),
    (
        "(?P<name>.+) is no straight line in the loss: a parabola through the same runs gives (?P<bent>.+), which the bet allows for; .+",
        "{name}と損失の関係は直線ではありません。放物線を当てはめた場合の値は{bent}で、判断に使う区間にはこの差も含まれています。",
    ),
    (
        "(?P<n>.+) of (?P<all>.+) runs with (?P<name>.+) are no better than chance: .+",
        "{name}を測った学習実験{all}件のうち{n}件は当て推量と変わらず、損失の予測にだけ使いました。",
    ),
    (
        "(?P<name>.+) lies between 0 and 1 in every run, what is told of the target does not: .+",
        "{name}はどの学習実験でも0～1ですが、予測はその範囲を外れています。割合であれば --bounds 0:1 を付けてください。",
    ),
    (
        "(?P<name>.+) lies between 0 and 100 in every run, what is told of the target does not: .+",
        "{name}はどの学習実験でも0～100ですが、予測はその範囲を外れています。百分率であれば --bounds 0:100 を付けてください。",
    ),
    (
        "(?P<name>.+) lies between 0 and 1 in every run: .+",
        "{name}はどの学習実験でも0～1です。割合であれば --bounds 0:1 を付けてください。",
    ),
    (
        "(?P<name>.+) lies between 0 and 100 in every run: .+",
        "{name}はどの学習実験でも0～100です。百分率であれば --bounds 0:100 を付けてください。",
    ),
    (
        "(?P<name>.+) is a whole number in every run: .+",
        "{name}はどの学習実験でも整数です。正解数であれば --bounds 0:問題数 --items 問題数 を付けてください。",
    ),
    (
        "the bet on (?P<name>.+) reaches below zero: .+",
        "{name}の判断に使う区間が負の値に及んでいます。負にならないのであれば --bounds 0:最大値 を付けてください。",
    ),
    (
        "the bet on (?P<name>.+) reaches beyond chance, (?P<chance>.+)",
        "{name}の判断に使う区間に、当て推量の値{chance}が含まれています。",
    ),
    (
        "the best (?P<name>.+) of the runs, (?P<best>.+), lies in the bet: .+",
        "{name}の判断に使う区間に、これまでの最良の値{best}が含まれており、改善しない可能性が残っています。",
    ),
    (
        "--chance (?P<chance>.+) is .+ per cent between bounds of 0 and 100: for a share of .+ give (?P<share>.+)",
        "--chance {chance}は、範囲0～100では{chance}%を表します。割合であれば{share}としてください。",
    ),
    ("the loss of the target is not to be used: .+", "対象モデルの損失を予測できない"),
    # tasks
    (
        "(?P<names>.+): an average of tasks, by its name(?:: predicted by the error law)?",
        "{names}：名前からタスクの平均とみなしました。",
    ),
    # why a task whose interval lies below today's is not called predictable
    ("just off guessing", "当て推量をわずかに上回るだけ"),
    ("at guessing", "当て推量と変わらない"),
    ("direction not sure", "改善するかどうか定まらない"),
    ("too few runs for a check", "検証に使える学習実験が足りない"),
    ("failed its check", "最大の学習実験が予測の区間を外れた"),
    ("fewer than (?P<n>.+) runs", "学習実験が{n}件に満たない"),
    ("no sound loss law", "損失の法則が成り立たない"),
    ("no sound error law", "誤答率の法則が成り立たない"),
    ("does not fall with loss", "損失とともに下がらない"),
    ("over (?P<times>.+) times the compute", "計算量が最大の学習実験の{times}倍を超える"),
    (
        "(?P<names>.+): items not known, the scatter around the error law stands for noise",
        "{names}：問題数が不明なため、誤差の法則からのばらつきで代用しました。",
    ),
    (
        "(?P<names>.+): chance not known, the largest error measured stands for guessing",
        "{names}：当て推量の正答率が不明なため、実測した最大の誤答率で代用しました。",
    ),
    (
        "(?P<names>.+): not measured on the largest run, the step is from a smaller one",
        "{names}：最大の学習実験では測られていないため、より小さいものを起点にしました。",
    ),
    (
        r"the predicted (?P<task>err_.+), (?P<value>\S+), is no error between 0 and 1",
        "{task}の予測値{value}は誤答率として意味をなしません（0～1の範囲外）。",
    ),
    # rows
    (
        r"(?P<n>\d+) runs? without (?P<loss>.+) (?:was|were) left out",
        "{loss}のない学習実験{n}件を除きました。",
    ),
    (
        r"(?P<n>\d+) runs? that carry a flag (?:was|were) left out: (?P<names>.+)",
        "要確認の学習実験{n}件を除きました：{names}。",
    ),
    (
        "1 run that carries a flag was left out: (?P<names>.+)",
        "要確認の学習実験1件を除きました：{names}。",
    ),
    (
        "data repeated up to (?P<most>.+) times: a law takes D for fresh tokens; "
        "--effective-tokens counts what repeated ones are worth",
        "同じデータを最大{most}回学習しています。法則はDを重複のないトークン数とみなします。",
    ),
    (
        r"runs are weighed by 1/(?P<name>\S+)\^2, .+",
        "学習実験には{name}の2乗に反比例する重みを付けています。",
    ),
    (
        "not used: the first column, which has no name and counts the rows",
        "1列目は名前のない行番号なので、使っていません。",
    ),
    (r"(?P<what>\S+) is derived: (?P<rule>.+)", "{what}は{rule}から求めました。"),
    ("swapped, or a wrong unit\\?", "NとDの取り違えか、単位の誤りではありませんか。"),
    (
        "(?:(?P<runs>.+): )?D = (?P<D>.+) is below N = (?P<N>.+): swapped, or a wrong unit\\?",
        "DがNより小さくなっています（D = {D}、N = {N}）。取り違えか、単位の誤りではありませんか。",
    ),
    (
        "(?P<loss>\\S+) (?P<own>\\S+) is above the (?P<other>\\S+) of (?P<run>.+), which has no more "
        "N or D: is N, D or loss of one of the two mistyped\\?",
        "{loss}の{own}が、N・Dともにこの学習実験以下である{run}の{other}より大きくなっています。どちらかの入力の誤りではありませんか。",
    ),
    (
        "(?P<loss>\\S+) (?P<own>\\S+) is above the (?P<other>\\S+) of (?P<run>.+), which has the same N "
        "and D: a sweep, or is one of the two mistyped\\?",
        "{loss}の{own}が、N・Dともに同じ{run}の{other}より大きくなっています。条件を変えた探索か、どちらかの入力の誤りではありませんか。",
    ),
    (
        "M = (?P<M>\\S+) is .+: a wrong unit\\?",
        "1パラメータあたりのトークン数{M}がほかからかけ離れています。単位の誤りではありませんか。",
    ),
    (r"(?P<n>\d+) runs \((?P<names>.+)\)(?:, the first)?", "{n}件（{names}）"),
    (
        r"(?P<column>\S+) is (?P<value>\S+): not a finished run\? --without-flagged leaves it out",
        "{column}が{value}になっています。終わっていない学習実験ではありませんか（--without-flagged で除けます）。",
    ),
    ("ends before its warm-up does", "ウォームアップが終わる前に学習が終わっています。"),
    ("D is less than one batch", "Dが1バッチに満たない値です。"),
    (
        "a loss above 20 nats per token: a perplexity\\? --loss-unit ppl takes its logarithm",
        "損失が20ナット/トークンを超えています。パープレキシティではありませんか。",
    ),
    (
        "(?P<what>N|D) is (?P<value>.+): did you mean (?P<meant>.+)\\?",
        "{what}が{value}になっています。{meant}の誤りではありませんか。",
    ),
    (
        "not to be used: (?P<reason>.+)",
        "損失を予測できません（理由：{reason}）。",
    ),
    # where shipped prices come from
    (
        r"NVIDIA H100 SXM on demand, (?P<lo>\S+) to (?P<hi>\S+) by provider \((?P<source>[^()]+)\)",
        "NVIDIA H100 SXM、オンデマンド、事業者により{lo}～{hi}（{source}）",
    ),
    (
        r"NVIDIA H100 SXM on demand, (?P<lo>\S+) to (?P<hi>\S+) by provider \((?P<source>[^()]+)\); "
        r"on a contract of a year (?P<price>\S+) \((?P<other>\w+), as reported\)",
        "NVIDIA H100 SXM、オンデマンド、事業者により{lo}～{hi}（{source}）。1年契約では{price}（{other}の値、二次資料による）",
    ),
    (
        r"NVIDIA H100 SXM, BF16 without sparsity \(data sheet\)",
        "NVIDIA H100 SXM、BF16、スパース性なし（データシート）",
    ),
    (
        r"ours; (?:(?P<why>reading|writing) is bound by \w+: )?reports range from (?P<lo>\S+) to (?P<hi>\S+)",
        "本ツールの既定値。報告されている範囲は{lo}～{hi}",
    ),
)
