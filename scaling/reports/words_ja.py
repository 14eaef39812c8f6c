"""What does a report say in Japanese? Every text of `words_en`, written anew, and what is quoted."""

from __future__ import annotations

UNITS = ((1e12, "兆", "兆"), (1e8, "億", "億"), (1e4, "万", "万"))
UNITS_OF_MONEY = ((1e12, "兆", "兆"), (1e8, "億", "億"))

WORDS = {
    # numbers
    "both": "{own}（{usual}）",
    "percent": "{value}%",
    "to_each_side": "±{half}",
    "ends": "{lo}～{hi}",
    "none": "―",
    "about": "{who}：{told}",
    "comma": "、",
    "semicolon": "。また、",
    "yes": "はい",
    "no": "いいえ",
    "unit_N": "1e8",
    "unit_tokens": "1e8",
    # planner, what its script says
    "js_no_ends": "不明",
    "js_between": "{lo}～{hi}",
    "js_percents": "{lo}～{hi}%",
    "js_percent": "{value}%",
    "js_spoken": "{value}{words}",
    "js_model": "{size}パラメータ、1パラメータあたり{M}トークンのモデル",
    "js_model_of": "{label}で学習した{size}パラメータ、1パラメータあたり{M}トークンのモデル",
    "js_best": "予算{budget}で損失が最小になるモデル（約{size}パラメータ、1パラメータあたり{M}トークン。{least}～{most}パラメータなら損失の差は{share}%以内）",
    "js_best_of": "{label}を使い、予算{budget}で損失が最小になるモデル（約{size}パラメータ、1パラメータあたり{M}トークン。{least}～{most}パラメータなら損失の差は{share}%以内）",
    "js_promise": "損失は10回に9回の割合で{ends}ナット/トークンに収まる見込みです",
    "js_no_promise": "損失はこれらの学習実験からは予測できません",
    "js_promise_outside": "学習実験の範囲（1パラメータあたり{least}～{most}トークン）の外でも法則が成り立つなら、損失は{ends}ナット/トークンに収まる見込みです",
    "js_measured": "（実測値：{loss}）",
    "js_sentence": "{model}：{promise}。{cost}。",
    "js_cost_life": "学習と{days}日間の推論を合わせた費用は{cost}です",
    "js_cost_training": "学習の費用は{cost}で、推論は含みません",
    "js_covers_life": "この予算で学習と{days}日間の推論をまかなえます",
    "js_covers_training": "この予算で学習をまかなえます（推論は含みません）",
    "js_reports": "（報告されている単価と利用率の範囲では{least}～{most}）",
    "js_inside": "その範囲内でこの予算に最適なモデルは{size}パラメータ、1パラメータあたり{M}トークンで、損失は{ends}ナット/トークンです。",
    "js_not_converted": "単価は換算されません。{currency}での単価を入力してください。",
    "js_not_taken": "{label}：{rule}表示は{value}のときの結果のままです。",
    "js_why": "区間を示せない理由：{doubt}。",
    "js_outside": "当てはめに使った学習実験は1パラメータあたり{least}～{most}トークンで、このモデルは{M}トークンです。",
    "js_map_model": "選んだトークン数/パラメータ比での、パラメータ数と損失の関係。",
    "js_map_best": "各サイズを予算の残りで買えるトークン数まで学習した場合の、パラメータ数と損失の関係。",
    "js_no_loss": "予測値が損失として意味をなさない",
    "js_too_far": "計算量が最大の学習実験の{farthest}倍を超え、検証したことのない遠さである",
    "js_too_wide": "法則が正しいとしても{lo}～{hi}の幅が残る",
    # planner, what its page says
    "legend_model": "モデル",
    "legend_demand": "推論の需要",
    "legend_prices": "単価",
    "field_dataset": "学習データ",
    "field_by": "モデルの決め方",
    "by_model": "サイズとトークン数で指定",
    "by_budget": "予算から決める",
    "field_N": "パラメータ数（億）",
    "field_M": "1パラメータあたりのトークン数",
    "field_budget": "予算（学習と推論の合計）",
    "field_tokens_in": "1日の入力トークン数（億）",
    "field_tokens_out": "1日の出力トークン数（億）",
    "field_days": "推論を提供する日数",
    "field_price": "アクセラレータ1時間あたりの価格",
    "field_peak": "アクセラレータのピーク性能（TFLOP/s）",
    "field_mfu_training": "学習時の演算利用率 MFU（%）",
    "field_mfu_in": "入力処理時の演算利用率 MFU（%）",
    "field_mfu_out": "出力生成時の演算利用率 MFU（%）",
    "field_currency": "通貨の表示",
    "slider": "（スライダー）",
    "spoken_N": "パラメータ",
    "spoken_M": "トークン/パラメータ",
    "spoken_budget": "（学習と推論の合計）",
    "spoken_tokens_in": "トークン（1日の入力）",
    "spoken_tokens_out": "トークン（1日の出力）",
    "spoken_days": "日",
    "spoken_price": "（1時間あたり）",
    "spoken_peak": " TFLOP/s",
    "spoken_mfu": "%（ピーク性能比）",
    "rule_above": "0より大きい値を入力してください。",
    "rule_least": "0以上の値を入力してください。",
    "rule_share": "0より大きく100以下の値を入力してください。",
    "not_in_bill": "費用に含まないもの：人件費、失敗や再開した学習、ハードウェアの遊休、データ。",
    "planner_back": "最初の設定に戻す",
    "planner_still": "スクリプトが無効のため、図と数値は1つの設定（1日の入力{tokens_in}トークン、出力{tokens_out}トークン、上記の単価）のものです。",
    "planner_reaches": "到達する見込みの{loss}と90%区間",
    "planner_reaches_error": "到達する見込みの{loss}、誤答率と90%区間",
    "planner_key": "丸：選んだモデル。濃い帯：法則が正しい場合の区間。薄い帯：判断に使う区間。帯のない部分は、学習実験からは予測できない範囲。灰色：当てはめに使ったサイズの範囲。",
    "planner_costs_before": "費用：学習トークン数",
    "planner_costs_after": "での学習と、その後の推論",
    "planner_origins": "既定の単価とその出典",
    "the_loss": "損失",
    "predicted": "予測値",
    "if_law_holds": "法則が正しい場合",
    "to_bet_on": "判断に使う区間",
    "loss_in_nats": "損失（ナット/トークン）",
    "axis_N": "パラメータ数 N",
    "axis_L": "損失（ナット/トークン）",
    "share": "割合",
    "money": "費用",
    "value": "値",
    "source_and_date": "出典と時点",
    "cost_training": "学習",
    "cost_in": "入力の処理",
    "cost_out": "出力の生成",
    "cost_total": "合計",
    "price_currency": "通貨",
    "price_price_training": "学習の単価",
    "price_price_serving": "推論の単価",
    "price_peak_training": "学習時のピーク性能",
    "price_peak_serving": "推論時のピーク性能",
    "price_mfu_training": "学習時のMFU",
    "price_mfu_in": "入力処理時のMFU",
    "price_mfu_out": "出力生成時のMFU",
    # report, its head and its verdict
    "title": "{N}パラメータ・{D}トークンのモデル：{n_runs}件の学習実験から言えること",
    "of_file": "学習実験の表：{name}",
    "section_verdict": "結論",
    "outcome_enough": "判断に足りる",
    "outcome_nearer": "まず中間規模で確認する",
    "outcome_more": "まず小規模な学習実験を追加する",
    "outcome_cannot": "これらの学習実験からは言えない",
    "can": "{N}パラメータのモデルを{D}トークンで学習すると、損失は{lo}～{hi}ナット/トークンになると見込まれます（判断に使う{level}区間）。",
    "cannot": "{N}パラメータのモデルを{D}トークンで学習した場合の損失は、これらの学習実験からは予測できません（理由：{reason}）。",
    "then_enough": "区間の半幅は{half}で、求める精度（{tolerance}以内）を満たしており、判断の材料として足ります。",
    "then_nearer": "区間の半幅は{half}で求める精度（{tolerance}以内）に届かず、小規模な学習実験を増やしてもほとんど縮まないため、まず{N}パラメータ・{D}トークンの中間規模（費用は約{money}）で確認してください。",
    "then_nearer_somewhere": "区間の半幅は{half}で求める精度（{tolerance}以内）に届かず、小規模な学習実験を増やしてもほとんど縮まないため、まずこのモデルに近い規模で確認してください。",
    "then_more": "区間の半幅は{half}で求める精度（{tolerance}以内）に届かないため、まず{N}パラメータ・{D}トークンの学習実験（費用は約{money}）を行い、予測し直してください。",
    "then_more_somewhere": "区間の半幅は{half}で求める精度（{tolerance}以内）に届かないため、学習実験を追加してから予測し直してください。",
    "then_first": "まず{N}パラメータ・{D}トークンの学習実験（費用は約{money}）を行い、予測し直してください。",
    "then_first_somewhere": "まず、サイズで30倍以上、1パラメータあたりのトークン数で8倍以上の開きがある学習実験をそろえ、予測し直してください。",
    "then_mend": "まず、下の「要確認の学習実験、除いた行、警告」にある学習実験を確認し、誤りを直すか除いてから予測し直してください。",
    "price_of_model": "このモデルの学習に必要な計算量は{flops} FLOPs、費用は約{money}です（アクセラレータ1時間あたり{price}{date}）。",
    "price_of_life": "学習と{days}日間の推論を合わせた費用は約{money}です（アクセラレータ1時間あたり{price}{date}）。",
    "price_of_life_less": "学習と{days}日間の推論を合わせた費用は約{money}ですが（アクセラレータ1時間あたり{price}{date}）、{N}パラメータ・{D}トークンのモデルなら同じ損失に{less}で届く計算です。",
    "dated": "、{date}時点",
    "thresholds": "結論の根拠",
    "head_question": "項目",
    "head_here": "今回の値",
    "head_wanted": "基準",
    "head_met": "適合",
    "asks_law": "法則が正しい場合の区間の半幅",
    "asks_bet": "判断に使う区間の半幅",
    "asks_reach": "最大の学習実験に対する計算量の倍率",
    "asks_M": "モデルの1パラメータあたりトークン数",
    "asks_backtest": "手元の学習実験のうち区間に入ったもの",
    "asks_epochs": "同じデータを学習する回数（エポック数）",
    "asks_serving": "費用に占める推論の割合",
    "wants_at_most": "{value}以下",
    "wants_between": "{lo}～{hi}",
    "wants_of": "{n}件中{least}件以上",
    "wants_nothing": "参考値",
    "is_of": "{n}件中{inside}件",
    "times": "{value}倍",
    "thresholds_note": "「法則が正しい場合」の基準{allowance}は、実際の学習で法則が外れた大きさを見込んだ値です。これより狭くなると、小規模な学習実験を増やしても得るものはほとんどありません。「判断に使う区間」の基準は求める精度です。区間の的中率は、最大の学習実験の{farthest}倍の計算量まで検証されています。",
    # report, assumptions
    "section_assumptions": "前提",
    "assumptions_note": "指定された条件と、指定がないため補った条件です。異論のある行があれば、条件を変えてレポートを作り直してください。",
    "head_what": "項目",
    "head_value": "値",
    "head_from": "根拠",
    "given": "指定",
    "by_default": "既定値",
    "of_table": "表",
    "default_target": "既定値：最大の学習実験の10倍の計算量、1パラメータあたりのトークン数は同じ",
    "default_budget": "既定値：対象モデルの計算量の10分の1",
    "a_model": "対象モデル",
    "a_model_value": "パラメータ数 N = {N}、学習トークン数 D = {D}、1パラメータあたり M = {M}トークン",
    "a_loss": "損失",
    "a_loss_value": "{loss}列（ナット/トークン）",
    "a_count": "パラメータ数の数え方",
    "a_dataset": "学習データ",
    "a_law": "スケーリング則",
    "a_level": "区間の水準",
    "a_tolerance": "求める精度（判断に使う区間の半幅）",
    "a_runs": "使った学習実験",
    "a_runs_value": "{n}件（{lo}～{hi}パラメータ）",
    "a_budget": "追加の学習実験の予算",
    "a_demand": "推論の需要",
    "a_demand_value": "1日に入力{read}トークン、出力{written}トークン、{days}日間",
    "a_unique": "重複のない学習トークン数",
    "not_given": "指定なし",
    "a_currency": "通貨",
    "a_price_training": "学習の単価",
    "a_price_serving": "推論の単価",
    "a_peak_training": "学習時のピーク性能",
    "a_peak_serving": "推論時のピーク性能",
    "a_mfu_training": "学習時の演算利用率（MFU）",
    "a_mfu_in": "入力処理時の演算利用率（MFU）",
    "a_mfu_out": "出力生成時の演算利用率（MFU）",
    "per_hour": "アクセラレータ1時間あたり{money}",
    "per_second": "{value} FLOP/s",
    # report, intervals
    "section_intervals": "損失の予測はどこまで確かか",
    "intervals_told": "予測値は{loss}ナット/トークン、法則が正しい場合の区間は{law_lo}～{law_hi}、判断に使う区間は{lo}～{hi}です（いずれも{level}区間）。",
    "intervals_meaning": "「法則が正しい場合」の区間は、当てはめた法則の形に誤りがなく、係数だけが不確かだとしたときに損失が入る範囲です。「判断に使う区間」は実際の学習を想定し、学習ごとのばらつきと、法則そのものが外れる分を加えています。投資の判断には後者を使ってください。",
    "intervals_key": "横軸：学習の計算量、縦軸：損失。点：学習実験。線：1パラメータあたり{M}トークンとしたときの法則（破線は外挿）。濃い帯：法則が正しい場合の区間。薄い帯：判断に使う区間。丸：対象モデル。",
    "intervals_alt": "損失は計算量とともに下がる。最大{largest} FLOPsまでの{n}件の学習実験から{target} FLOPsまで外挿し、判断に使う区間は{lo}～{hi}ナット/トークンとなる。",
    "no_picture": "対象モデルの損失を予測できないため、図は示しません（理由：{reason}）。",
    # report, backtest
    "section_backtest": "手元の学習実験で試すとどれだけ当たったか",
    "backtest_told": "各サイズを、それより小さい学習実験だけから予測しました。{n}件中{inside}件が、判断に使う{level}区間に入りました。",
    "backtest_none_told": "各サイズを、それより小さい学習実験だけから予測しましたが、使える予測は得られませんでした。",
    "backtest_errors": "予測誤差の平均は、法則が{law}、直近の最大の学習実験の値をそのまま使う方法が{last}、2件を結ぶ直線が{line}です。",
    "backtest_key": "横軸：学習の計算量、縦軸：予測値との差（%）。棒：判断に使う区間。丸：予測値。×：実測値。",
    "backtest_alt": "小さい学習実験から予測した{n}件のうち、{inside}件の実測値が区間に入っている。",
    "backtest_cut": "全{all}件のうち、計算量の大きい{n}件を示しています。",
    "no_backtest": "バックテストはできません（理由：{reason}）。",
    "head_run": "学習実験",
    "head_predicted": "予測値",
    "head_interval": "判断に使う区間",
    "head_law_interval": "法則が正しい場合",
    "head_measured": "実測値",
    "head_inside": "区間内",
    "head_error": "誤差",
    # report, tasks and an own KPI
    "section_tasks": "タスク",
    "section_kpi": "自社のKPI",
    "no_tasks": "表にタスクの誤答率（err_ で始まる列）がありません。",
    "tasks_unknown": "対象モデルの損失を予測できないため、タスクも予測できません。",
    "no_tasks_reason": "タスクは判定できません（理由：{reason}）。",
    "tasks_told": "{n}件のタスクのうち、改善することが確かなのは{sure}件です。数値は誤答率です。",
    "tasks_cut": "全{all}件のうち、先頭の{n}件を示しています。",
    "head_task": "タスク",
    "head_verdict": "判定",
    "head_now": "最大の学習実験",
    "verdict_0": "予測できる",
    "verdict_1": "区間としてのみ",
    "verdict_2": "予測できない",
    "kpi_told": "{name}：予測値は{value}、判断に使う区間は{lo}～{hi}、両方の法則が正しい場合の区間は{law_lo}～{law_hi}です（{level}区間、{better}）。",
    "kpi_higher": "大きいほど良い",
    "kpi_lower": "小さいほど良い",
    "kpi_legs": "不確かさの内訳は、損失が分かっているとした場合に{known_lo}～{known_hi}、損失とKPIの関係が分かっているとした場合に{line_lo}～{line_hi}です。この関係が実測の範囲の先でも続くかどうかは検証されていません。",
    "kpi_not_told": "{name}がどうなるかは、これらの学習実験からは言えません（理由：{reason}）。",
    "no_kpi_reason": "自社のKPIは予測できません（理由：{reason}）。",
    "no_kpi": "KPIは指定されていません。指定するには --kpi 列名 --higher-is-better を付けてください。",
    # report, next runs
    "section_next": "次にどの学習実験を行うか",
    "next_told": "予算{budget} FLOPs（約{money}）の範囲では、次の順に行います。",
    "next_none": "予算{budget} FLOPs（約{money}）の範囲で、追加すべき学習実験はありません。",
    "next_after": "実施後の対象モデルの区間",
    "next_widths": "±は、学習実験が予想どおりの結果になった場合に見込まれる区間の半幅です。損失そのものは、実施した後で予測できます。",
    "next_hours": "アクセラレータ時間",
    "next_price": "費用",
    "next_stop": "その後は打ち切ります。理由：{stop}。",
    "next_why": "理由：{stop}。",
    "next_worth": "これより大きい予算であれば、最も安く役立つのは{N}パラメータ・{D}トークンの学習実験（約{money}）です。",
    "stop_unsound": "学習実験の結果が法則に従っていないため、先にその原因を正す必要がある",
    "stop_tolerance": "判断に使う区間が、求める精度に収まる",
    "stop_misfit": "法則が正しい場合の区間が、実際の学習で法則が外れる大きさより狭くなり、同じような学習実験を増やしても得るものがほとんどない",
    "stop_gain": "予算内のどの学習実験でも、不確かさが{share}以上は減らない",
    "stop_budget": "残りの予算で行える学習実験がない",
    "stop_most": "10件まで計画した。実施後に計画し直す",
    "next_nearer": "最も効果があるのは対象モデルに近い規模での確認です。{N}パラメータ・{D}トークン、{flops} FLOPs、費用は約{money}で、対象モデルの計算量の{share}に当たります。",
    "no_next": "計画は立てられません（理由：{reason}）。",
    # report, bill
    "section_bill": "費用はいくらか",
    "bill_training": "対象モデルの学習に必要な計算量は{flops} FLOPs、アクセラレータ{hours}時間、費用は{money}です。",
    "no_demand": "推論の需要が指定されていないため、推論の費用は計算していません。計算するには、1日の入力と出力のトークン数を --tokens-in と --tokens-out で指定してください。",
    "bill_told": "法則から対象モデルと同じ損失（{loss}ナット/トークン）になるモデルの比較です。推論は合計{served}トークンです。",
    "bill_told_for": "法則から損失が{loss}ナット/トークンになるモデルの比較です。推論は合計{served}トークンです。",
    "bill_unknown": "対象モデルの損失を予測できないため、ほかのモデルとは比較できません。",
    "no_bill": "ほかのモデルとは比較できません（理由：{reason}）。",
    "head_model": "モデル",
    "head_training": "学習",
    "head_reading": "入力の処理",
    "head_writing": "出力の生成",
    "head_total": "合計",
    "choice_this": "対象モデル",
    "choice_optimum": "学習の計算量が最小",
    "choice_flops": "総計算量が最小",
    "choice_money": "総費用が最小",
    "choice_M": "M = {M}",
    "bill_mfu": "費用を最も左右し、かつ最も不確かなのは、出力生成時のMFUです。最も安いモデルの費用は、ピーク性能の{half}なら{dear}、{double}なら{cheap}になります。",
    "bill_doubt": "使えないもの：{names}。これらの損失は、学習実験からは予測できません。",
    "bill_outside": "1パラメータあたりのトークン数が学習実験の範囲を外れるもの：{names}。",
    "planner_title": "モデル、需要、単価を変えて試す",
    "planner_note": "ネットワークなしで動きます。手元の学習実験から得た法則を使い、区間は90%区間です。",
    "no_planner": "条件を変えて試す機能は付けていません（理由：{reason}）。",
    "no_planner_another_law": "指数が1つで、固定した係数のない法則にのみ対応している",
    "no_planner_on_a_line": "学習実験が一直線上に並び、パラメータ数とトークン数の効果を分けられない",
    "no_planner_weighed": "学習実験に重み（loss_std）が付いている",
    "no_planner_not_sound": "学習実験が法則に従っていない",
    "no_planner_not_settled": "学習実験から決まらない係数がある",
    "no_planner_effective": "実効トークン数で数えている",
    "no_planner_prices": "学習と推論で単価とアクセラレータが同じ場合にのみ対応している",
    "no_planner_loss": "対象モデルの損失を予測できない",
    # report, rows and warnings
    "section_rows": "要確認の学習実験、除いた行、警告",
    "rows_sound": "疑わしい学習実験はなく、除いた行もありません。",
    "rows_flagged": "値の疑わしい学習実験です。{used}。",
    "flagged_used": "除かずに使っています",
    "rows_cut": "全{all}件のうち{n}件を示しています。すべては scaling check で確認できます。",
    "head_reason": "理由",
    "warnings_note": "ツールの警告：",
    "in_english": "英語の原文：{text}",
    # report, versions
    "section_versions": "バージョンとチェックサム",
    "v_input": "入力",
    "v_checksum": "入力のSHA-256",
    "v_checksum_frame": "表をCSVにしたもののSHA-256",
    "versions_note": "同じ入力と同じバージョンからは、1バイトも違わない同じファイルができます。",
    "foot": "損失は、利用者の評価用テキストで測った1トークンあたりの値（ナット）です。このレポートが述べているのは同種の学習の見通しだけであり、データの権利、安全性、用途の適否については何も述べていません。",
}

# What the tool says in English, as it says it, and how it is said here.
SAID = (
    # why there is no number
    ("no loss", "予測値が損失として意味をなさない"),
    ("the runs do not follow the law", "学習実験が法則に従っていない"),
    ("status at_bound", "指数が探索範囲の端に達した"),
    ("status wrong_sign", "係数の符号が法則に合わない"),
    ("status not_converged", "当てはめが収束しなかった"),
    ("the law itself leaves the loss open", "法則が正しいとしても損失の範囲が定まらない"),
    (
        "the law itself leaves (?P<lo>.+) to (?P<hi>.+) open",
        "法則が正しいとしても{lo}～{hi}の幅が残る",
    ),
    (
        "over (?P<farthest>.+) times the compute of the largest run, farther than any check",
        "計算量が最大の学習実験の{farthest}倍を超え、検証したことのない遠さである",
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
        "すべての学習実験の1パラメータあたりトークン数が同じで、ほかの比率での効果が分からない",
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
        "extrapolated to (?P<up>up to )?(?P<times>.+) times the compute of the largest run",
        "最大の学習実験の{times}倍の計算量まで外挿しています。",
    ),
    (
        "its tokens per parameter lie outside those of the runs",
        "対象モデルの1パラメータあたりトークン数が、学習実験の範囲を外れています。",
    ),
    (
        "tokens per parameter outside those of the runs, (?P<lo>.+) to (?P<hi>.+): (?P<names>.+)",
        "比較したモデルの中に、1パラメータあたりトークン数が学習実験の範囲（{lo}～{hi}）を外れるものがあります。",
    ),
    (
        "its compute is (?P<times>.+) of that of the largest run: .+",
        "対象モデルの計算量が最大の学習実験の{times}倍しかありません。6.9Bのような単位の付け忘れではありませんか。",
    ),
    (
        "intervals were checked up to (?P<most>.+) times the compute of the largest run: farther "
        "out nobody knows whether they hold",
        "区間の的中率が検証されているのは、最大の学習実験の{most}倍の計算量までです。",
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
        "学習実験だけでは決まらない部分は、指数αの事前の見込み（{alpha}、{factor}倍以内）で補っています。",
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
        r"smaller: is that row mistyped\?",
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
        "(?:so few runs cannot tell which: a mistyped row does, |no single row explains it: )?"
        "several architectures, recipes, data sets or units in one law do, or runs too short for one",
        "原因として、構造、学習条件、データ、単位の異なる学習実験の混在、短すぎる学習、または入力の誤りが考えられます。",
    ),
    (
        "(?:so few runs cannot tell which: a mistyped row does, |no single row explains it: )?"
        "a learning rate that was never annealed does, or losses that all lie far above E",
        "原因として、学習率を最後まで下げていないこと、すべての損失がEよりはるかに大きいこと、または入力の誤りが考えられます。",
    ),
    (
        "the vocabulary is (?P<least>.+) to (?P<most>.+)% of N, and no interval covers a wrong "
        "count of parameters: compare --count (?P<count>.+)",
        "Nに占める語彙の割合が{least}～{most}%と幅があり、数え方の誤りはどの区間にも含まれません。--count {count} と比べてください。",
    ),
    # an own KPI
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
        "{name}を測った学習実験{all}件のうち{n}件は当て推量と変わらず、関係をゆがめています。",
    ),
    (
        "(?P<name>.+) lies between 0 and 1 in every run, what is told of the target does not: .+",
        "{name}はどの学習実験でも0～1ですが、予測はその範囲を外れています。割合であれば --bounds 0:1 を付けてください。",
    ),
    ("the loss of the target is not to be used: .+", "対象モデルの損失を予測できない"),
    # tasks
    (
        "(?P<names>.+): an average of tasks, by its name(?:: predicted by the error law)?",
        "{names}：名前からタスクの平均とみなしました。",
    ),
    (
        "no interval for (?P<n>.+) single tasks?: see `scaling tasks`",
        "個別のタスク{n}件の区間は、タスクの節にあります。",
    ),
    (
        "(?P<names>.+): items not known, the scatter around the error law stands for noise",
        "{names}：問題数が不明なため、誤差の法則からのばらつきで代用しました。",
    ),
    (
        "(?P<names>.+): chance not known, the largest error measured stands for guessing",
        "{names}：当て推量の正答率が不明なため、実測した最大の誤答率で代用しました。",
    ),
    (
        "(?P<names>.+): not measured on the dearest run, the step is from a cheaper one",
        "{names}：最大の学習実験では測られていないため、より小さいものを起点にしました。",
    ),
    # rows
    (
        r"(?P<n>\d+) runs? without (?P<loss>.+) (?:was|were) left out",
        "{loss}のない学習実験{n}件を除きました。",
    ),
    (
        r"(?P<n>\d+) runs? that carry a flag (?:was|were) left out: (?P<names>.+)",
        "疑わしい学習実験{n}件を除きました：{names}。",
    ),
    (
        "1 run that carries a flag was left out: (?P<names>.+)",
        "疑わしい学習実験1件を除きました：{names}。",
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
    (r"(?P<what>\S+) is derived: (?P<rule>.+)", "{what}は{rule}から求めました。"),
    ("swapped, or a wrong unit\\?", "NとDの取り違えか、単位の誤りではありませんか"),
    (
        "(?:(?P<runs>.+): )?D = (?P<D>.+) is below N = (?P<N>.+): swapped, or a wrong unit\\?",
        "DがNより小さい（D = {D}、N = {N}）。取り違えか、単位の誤りではありませんか",
    ),
    (
        "(?P<loss>\\S+) (?P<own>\\S+) is above the (?P<other>\\S+) of (?P<run>.+), which has no more "
        "N or D: is one of the two mistyped\\?",
        "{loss}の{own}が、NもDもこれ以下の{run}の{other}を上回っている。どちらかの入力の誤りではありませんか",
    ),
    (
        "(?P<loss>\\S+) (?P<own>\\S+) is above the (?P<other>\\S+) of (?P<run>.+), which has the same N "
        "and D: a sweep, or is one of the two mistyped\\?",
        "{loss}の{own}が、NもDも同じ{run}の{other}を上回っている。条件を変えた探索か、どちらかの入力の誤りではありませんか",
    ),
    (
        "M = (?P<M>\\S+) is .+: a wrong unit\\?",
        "1パラメータあたりのトークン数{M}がほかからかけ離れている。単位の誤りではありませんか",
    ),
    (r"(?P<n>\d+) runs \((?P<names>.+)\)(?:, the first)?", "{n}件（{names}）"),
    ("ends before its warm-up does", "ウォームアップが終わる前に学習が終わっている"),
    ("D is less than one batch", "Dが1バッチに満たない"),
    (
        "a loss above 20 nats per token: a perplexity\\? --loss-unit ppl takes its logarithm",
        "損失が20ナット/トークンを超えている。パープレキシティではありませんか",
    ),
    (
        "(?P<what>N|D) is (?P<value>.+): did you mean (?P<meant>.+)\\?",
        "{what}が{value}になっている。{meant}の誤りではありませんか",
    ),
    (
        "not to be used: (?P<reason>.+)",
        "使えません：{reason}",
    ),
    # where shipped prices come from
    (
        r"NVIDIA H100 SXM on demand, (?P<lo>\S+) to (?P<hi>\S+) by provider \((?P<source>[^()]+)\)",
        "NVIDIA H100 SXM、オンデマンド、事業者により{lo}～{hi}（{source}）",
    ),
    (
        r"NVIDIA H100 SXM on demand, (?P<lo>\S+) to (?P<hi>\S+) by provider \((?P<source>[^()]+)\); "
        r"on a contract of a year (?P<price>\S+) \((?P<other>\w+), as reported\)",
        "NVIDIA H100 SXM、オンデマンド、事業者により{lo}～{hi}（{source}）。1年契約では{price}（{other}、報道による）",
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
