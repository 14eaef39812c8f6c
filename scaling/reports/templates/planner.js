// The planner: what a model would reach, and what it would cost. `planner.compute` is pure, and
// `scaling/reports/planner.py` computes the same; a test compares them.
const planner = (() => {
  "use strict";
  const { sets, constants, fields, first, frame, words: texts, units, of_money } = JSON.parse(
    document.getElementById("planner-data").textContent,
  );
  const TRAINING = 6, SERVING = 2, SECONDS = 3600; // FLOPs of a parameter and a token; of an hour
  const ENDS = [0.05, 0.95], ROUNDS = 100, CLOSE = 1e-14;
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // Student's t below x, for a whole number of degrees of freedom (Abramowitz and Stegun 26.7.3).
  function below(x, dof) {
    const angle = Math.atan(x / Math.sqrt(dof)), cos = Math.cos(angle);
    const isOdd = dof % 2 === 1;
    let term = isOdd ? cos : 1, total = term;
    for (let k = isOdd ? 3 : 2; k < dof; k += 2) total += term *= (cos * cos * (k - 1)) / k;
    if (!isOdd) return 0.5 + (Math.sin(angle) * total) / 2;
    return 0.5 + (angle + (dof > 1 ? Math.sin(angle) * total : 0)) / Math.PI;
  }

  // A law that is linear once its exponent is given: least squares of y on the columns, by
  // Gram-Schmidt, and the noise that is left.
  function fitLinear(columns, y, { s_0, nu }, dof) {
    const q = [], r = [], shown = [];
    let left = [...y];
    for (const column of columns) {
      let rest = [...column];
      const along = q.map((unit) => {
        const size = sum(unit.map((u, i) => u * rest[i]));
        rest = rest.map((value, i) => value - size * unit[i]);
        return size;
      });
      const length = Math.sqrt(sum(rest.map((value) => value * value)));
      q.push(rest.map((value) => value / length));
      r.push([...along, length]);
      const unit = q.at(-1), size = sum(unit.map((u, i) => u * left[i]));
      shown.push(size);
      left = left.map((value, i) => value - size * unit[i]);
    }
    const missed = sum(left.map((value) => value * value));
    return { r, shown, noise: Math.sqrt((nu * s_0 * s_0 + missed) / dof) };
  }

  // Centre and scale of x . coefficients.
  function readLinear({ r, shown, noise }, x) {
    const along = [];
    r.forEach((row, j) => along.push((x[j] - sum(along.map((a, i) => a * row[i]))) / row[j]));
    return {
      middle: sum(along.map((a, j) => a * shown[j])),
      scale: noise * Math.sqrt(sum(along.map((a) => a * a))),
    };
  }

  // Root of a rising function that tells its slope, from x on: Newton's steps, halving where one
  // does not help. `step` widens the search until the root lies inside.
  function findRoot(rising, x, step) {
    let lo = x - step, hi = x + step, last = Infinity;
    for (let more = step; rising(lo)[0] > 0; more *= 2) lo -= more;
    for (let more = step; rising(hi)[0] < 0; more *= 2) hi += more;
    for (let round = 0; round < ROUNDS; round++) {
      const [value, slope] = rising(x);
      if (value < 0) lo = x;
      else hi = x;
      const next = x - value / slope;
      const helps = next >= lo && next <= hi && Math.abs(value) <= last / 2;
      const to = helps ? next : (lo + hi) / 2;
      if (Math.abs(to - x) <= CLOSE * Math.abs(x)) return to;
      x = to;
      last = Math.abs(value);
    }
    return x;
  }

  // Quantile of a mixture of Student's t.
  function quantile(parts, { dof, top }, p) {
    const excess = (x) => {
      let value = -p, slope = 0;
      for (const { weight, middle, scale } of parts) {
        const away = (x - middle) / scale;
        value += weight * below(away, dof);
        slope += ((weight * top) / scale) * (1 + (away * away) / dof) ** (-(dof + 1) / 2);
      }
      return [value, slope];
    };
    const start = sum(parts.map(({ weight, middle }) => weight * middle));
    return findRoot(excess, start, Math.max(...parts.map(({ scale }) => scale)));
  }

  const lossOf = ([E, A, B, alpha], N, D) => E + A * N ** -alpha + B * D ** -alpha;
  const geometricMean = (values) => Math.exp(sum(values.map(Math.log)) / values.length);

  // The posterior of the loss law, as linear fits; once for each training set.
  for (const { loss, error } of Object.values(sets)) {
    const centre = [geometricMean(loss.N), geometricMean(loss.D)];
    loss.fits = loss.alpha.map((alpha) => {
      const columns = [
        loss.L.map((L) => 1 / L),
        loss.L.map((L, i) => (loss.N[i] / centre[0]) ** -alpha / L),
        loss.L.map((L, i) => (loss.D[i] / centre[1]) ** -alpha / L),
      ];
      return fitLinear(columns, loss.L.map(() => 1), constants.bet, loss.dof);
    });
    loss.centre = centre;
    if (!error) continue;
    const middle = sum(error.L) / error.L.length;
    error.rise = (gamma, L) => -Math.expm1(-gamma * (L - middle)) / gamma;
    error.fits = error.gamma.map((gamma) => {
      const columns = [error.L.map(() => 1), error.L.map((L) => error.rise(gamma, L))];
      return fitLinear(columns, error.error, constants.average, error.dof);
    });
  }

  // The loss of a model as a mixture: of what the law leaves open, and of a run.
  function mixLoss({ fits, alpha, weight, centre }, N, D) {
    const law = fits.map((fit, i) => ({
      weight: weight[i],
      ...readLinear(fit, [1, (N / centre[0]) ** -alpha[i], (D / centre[1]) ** -alpha[i]]),
    }));
    const run = law.map((part, i) => ({
      ...part,
      scale: Math.hypot(part.scale, fits[i].noise * Math.abs(part.middle)),
    }));
    return { law, run, median: null };
  }

  // By how much the law changes its loss from the nearest run to a model, relatively.
  function measureChange({ law, ...runs }, N, D) {
    const there = lossOf(law, N, D);
    const gone = runs.N.map((N_i, i) => {
      const corner = lossOf(law, N, runs.D[i]);
      return Math.abs(corner - lossOf(law, N_i, runs.D[i])) + Math.abs(there - corner);
    });
    return Math.min(...gone) / Math.abs(there);
  }

  // What to bet on and what the law leaves open, between two probabilities; `allowed` in logs.
  function findEnds(mixture, told, ends, allowed) {
    mixture.median ??= quantile(mixture.law, told, 0.5);
    const middle = mixture.median;
    const law = ends.map((p) => Math.max(quantile(mixture.law, told, p), 0));
    const [lo, hi] = ends.map((p, i) => {
      const away = Math.log(Math.max(quantile(mixture.run, told, p), 0)) - Math.log(middle);
      return middle * Math.exp((i ? 1 : -1) * Math.hypot(away, allowed));
    });
    return { lo: Math.min(lo, law[0]), hi: Math.max(hi, law[1]), law_lo: law[0], law_hi: law[1] };
  }

  const round = (value) => Number(value.toPrecision(3));
  const short = (value) => String(round(value));

  // Words: a text with its places filled. `scaling/reports/planner_page.py` says the same where
  // scripts are off.
  const tell = (name, values) => texts[name].replace(/{(\w+)}/g, (_, place) => values[place]);

  // Why a loss is not told; empty where it is.
  function doubt({ N, D, L }, model, loss, { law_lo, law_hi }) {
    const { farthest, widest, of_the_fall } = constants.told;
    const largest = Math.max(...N.map((N_i, i) => N_i * D[i]));
    if (!(loss > 0)) return texts.no_loss;
    if (farthest * largest < model.N * model.D)
      return tell("too_far", { farthest: farthest.toLocaleString("en-US") });
    const least = Math.min(...L), fall = Math.max(Math.log(least) - Math.log(loss), 0);
    if ((law_hi - law_lo) / 2 <= least * Math.max(widest, of_the_fall * fall)) return "";
    return tell("too_wide", { lo: short(law_lo), hi: short(law_hi) });
  }

  function predictLoss(told, N, D) {
    const loss = lossOf(told.law, N, D), mixture = mixLoss(told, N, D);
    const { most, reach } = constants.bet;
    const allowed = most * Math.min(measureChange(told, N, D) / reach, 1);
    const ends = findEnds(mixture, told, ENDS, allowed);
    for (const name of ["lo", "law_lo"]) ends[name] = Math.min(ends[name], loss);
    for (const name of ["hi", "law_hi"]) ends[name] = Math.max(ends[name], loss);
    const why = doubt(told, { N, D }, loss, ends);
    if (why) for (const name in ends) ends[name] = null;
    return { found: { loss, ...ends, doubt: why }, mixture, allowed };
  }

  // The mean error: its posterior, mixed over a few losses that stand for all it may be.
  function predictError({ loss, error }, { found, mixture, allowed }) {
    const [epsilon, k, gamma] = error.law;
    const value = epsilon - k * Math.exp(-gamma * found.loss);
    const names = ["error_lo", "error_hi", "error_law_lo", "error_law_hi"];
    if (found.doubt)
      return { error: value, ...Object.fromEntries(names.map((name) => [name, null])) };
    const law = [], run = [], { more } = constants.average;
    const mix = (into, share, L, noise) =>
      error.fits.forEach((fit, i) => {
        const part = readLinear(fit, [1, error.rise(error.gamma[i], L)]);
        part.scale = noise ? Math.hypot(part.scale, fit.noise, more) : part.scale;
        into.push({ weight: share * error.weight[i], ...part });
      });
    for (const { ends, widen, share } of constants.nodes) {
      const { lo, hi, law_lo, law_hi } = findEnds(mixture, loss, ends, allowed * widen);
      [lo, hi].forEach((L) => mix(run, share, L, true));
      [law_lo, law_hi].forEach((L) => mix(law, share, L, false));
    }
    const ends = [run, law].flatMap((parts) =>
      ENDS.map((p, i) => {
        const end = (i ? Math.max : Math.min)(quantile(parts, error, p), value);
        return Math.min(Math.max(end, 0), 1);
      }),
    );
    return { error: value, ...Object.fromEntries(names.map((name, i) => [name, ends[i]])) };
  }

  // The budget in FLOPs of training, and the tokens whose 2 N T cost what serving costs.
  function readBudget({ budget, price, peak, tokens_in, tokens_out, days, ...mfu }) {
    const served = tokens_in / mfu.mfu_in + tokens_out / mfu.mfu_out;
    return [(budget * SECONDS * peak * mfu.mfu_training) / price, days * mfu.mfu_training * served];
  }

  // N and D by hand; or those of least loss whose training and serving cost the budget. They solve
  // A N^-alpha / (B D^-alpha) = 1 + T / (3 D).
  function findModel(choice) {
    if (choice.by === "model") return { N: choice.N, D: choice.N * choice.M };
    const [C, T] = readBudget(choice), [, A, B, alpha] = sets[choice.dataset].loss.law;
    const ratio = Math.log(A / B) - alpha * Math.log(C / TRAINING);
    const excess = (log_D) => {
      const served = T / ((TRAINING / SERVING) * Math.exp(log_D));
      const value = ratio + 2 * alpha * log_D - (1 - alpha) * Math.log1p(served);
      return [value, 2 * alpha + ((1 - alpha) * served) / (1 + served)];
    };
    const D = Math.exp(findRoot(excess, -ratio / (2 * alpha), 1));
    return { N: C / (TRAINING * D + SERVING * T), D };
  }

  // Tokens of another size on the map: as many a parameter, or what the budget leaves.
  function tokensOf(choice, N) {
    if (choice.by === "model") return N * choice.M;
    const [C, T] = readBudget(choice);
    return (C / N - SERVING * T) / TRAINING;
  }

  function costOf({ N, D }, { tokens_in, tokens_out, days, price, peak, ...mfu }) {
    const flops = { training: TRAINING * N * D }, money = {};
    flops.in = SERVING * N * tokens_in * days;
    flops.out = SERVING * N * tokens_out * days;
    for (const name in flops)
      money[name] = (price / (peak * mfu[`mfu_${name}`] * SECONDS)) * flops[name];
    for (const each of [flops, money]) each.total = each.training + each.in + each.out;
    return { flops, money };
  }

  // Least and most of the bill: a shipped value may be all that is reported of it.
  function rangeOf(model, choice) {
    const [least, most] = [1, 2].map((end) => {
      const moved = { ...choice };
      for (const [name, values] of Object.entries(constants.reported))
        if (choice[name] === values[0]) moved[name] = values[end];
      return costOf(model, moved).money.total;
    });
    return { least, most };
  }

  // Least and most parameters that a budget buys within a little of the least loss.
  function findAlike(choice, { N, D }) {
    if (choice.by === "model") return null;
    const [C, T] = readBudget(choice), { law } = sets[choice.dataset].loss, [, A, B, alpha] = law;
    const limit = (1 + constants.alike) * lossOf(law, N, D);
    const size = (log_D) => C / (TRAINING * Math.exp(log_D) + SERVING * T);
    const [least, most] = [1, -1].map((side) => {
      const excess = (away) => {
        const log_D = side * away, N_at = size(log_D), D_at = Math.exp(log_D);
        const trained = (TRAINING * D_at * N_at) / C;
        const slope = alpha * (A * N_at ** -alpha * trained - B * D_at ** -alpha);
        return [lossOf(law, N_at, D_at) - limit, side * slope];
      };
      return size(side * findRoot(excess, side * Math.log(D) + 1, 1));
    });
    return { least, most };
  }

  // The best model for a budget within the tokens per parameter of the runs.
  function findInside(choice, { N, D }) {
    const { loss } = sets[choice.dataset], [least, most] = triedOf(loss);
    if (choice.by === "model" || (round(D / N) >= least && round(D / N) <= most)) return null;
    const [C, T] = readBudget(choice), M = Math.min(Math.max(D / N, least), most);
    const size = C / (Math.sqrt(T * T + TRAINING * M * C) + T);
    const { lo, hi, doubt: why } = predictLoss(loss, size, M * size).found;
    return why ? null : { N: size, M, lo, hi };
  }

  function triedOf({ N, D }) {
    const M = D.map((D_i, i) => D_i / N[i]);
    return [round(Math.min(...M)), round(Math.max(...M))];
  }

  function compute(choice) {
    const set = sets[choice.dataset], model = findModel(choice), { N, D } = model;
    const told = predictLoss(set.loss, N, D);
    const error = set.error ? predictError(set, told) : {};
    const near = (value, own) => Math.abs(value / own - 1) < constants.same_run;
    const run = set.measured.find(([own_N, own_M]) => near(N, own_N) && near(D / N, own_M));
    return {
      ...model, ...told.found, ...error, ...costOf(model, choice),
      reported: rangeOf(model, choice),
      measured: run ? run[2] : null,
      alike: findAlike(choice, model),
      inside: findInside(choice, model),
    };
  }

  const digits = (value) => round(value).toLocaleString("en-US", { maximumFractionDigits: 9 });
  function count(value, long = false, letters = units) {
    const size = letters.find(([least]) => round(value) >= least);
    return size ? digits(value / size[0]) + size[long ? 2 : 1] : digits(value);
  }
  const money = (choice, value) => choice.currency + count(value, false, of_money);
  const power = (value) => (value ? value.toExponential(2).replace("e+", "e") : "0");
  const percent = (value) => (100 * value).toFixed(0);
  const share = (part, whole) => (whole ? part / whole : 0);
  const between = (lo, hi) =>
    lo === null ? texts.no_ends : tell("between", { lo: lo.toFixed(2), hi: hi.toFixed(2) });
  const shares = (lo, hi) =>
    lo === null ? texts.no_ends : tell("percents", { lo: percent(lo), hi: percent(hi) });

  function say(choice, answer) {
    const { N, D, flops, money: bill } = answer, { label, loss } = sets[choice.dataset];
    const M = D / N, is_by_hand = choice.by === "model", [least, most] = triedOf(loss).map(digits);
    const is_tried = round(M) >= triedOf(loss)[0] && round(M) <= triedOf(loss)[1];
    const cost = (name) => money(choice, bill[name]);
    const two = (value) => Number(value.toPrecision(2)), alike = answer.alike ?? { least: 0, most: 0 };
    const model = tell((is_by_hand ? "model" : "best") + (label ? "_of" : ""), {
      label, size: count(is_by_hand ? N : two(N)), budget: money(choice, choice.budget),
      M: digits(is_by_hand ? M : two(M)), share: digits(100 * constants.alike),
      least: count(two(alike.least)), most: count(two(alike.most)),
    });
    const bet = between(answer.lo, answer.hi), days = digits(choice.days);
    const times = N * D / Math.max(...loss.N.map((N_i, i) => N_i * loss.D[i]));
    const is_far = times > constants.told.checked;
    let promise = tell(!is_tried ? "promise_outside" : is_far ? "promise_far" : "promise",
      { ends: bet, least, most, times: digits(times) });
    if (answer.doubt) promise = texts.no_promise;
    if (answer.measured !== null) promise += tell("measured", { loss: answer.measured.toFixed(2) });
    const is_served = (choice.tokens_in + choice.tokens_out) * choice.days > 0;
    const kind = (is_by_hand ? "cost" : "covers") + (is_served ? "_life" : "_training");
    const ends = ["least", "most"].map((end) => money(choice, answer.reported[end]));
    let costs = tell(kind, { cost: cost("total"), days });
    if (ends[0] !== ends[1]) costs += tell("reports", { least: ends[0], most: ends[1] });
    const notes = answer.doubt ? [tell("why", { doubt: answer.doubt })] : [];
    if (!is_tried) notes.push(tell("outside", { least, most, M: digits(M) }));
    if (answer.inside) {
      const { N: size, M: M_inside, lo, hi } = answer.inside;
      notes.push(tell("inside", { size: count(size), M: digits(M_inside), ends: between(lo, hi) }));
    }
    if (choice.currency !== first.currency)
      notes.push(tell("not_converted", { currency: choice.currency }));
    const words = {
      sentence: tell("sentence", { model, promise, cost: costs }),
      notes: notes.join(" "),
      map: is_by_hand ? texts.map_model : texts.map_best,
      currency: choice.currency,
      loss: answer.doubt ? texts.no_ends : answer.loss.toFixed(2),
      law: between(answer.law_lo, answer.law_hi),
      bet,
      tokens: count(D),
    };
    if ("error" in answer) {
      words.error = answer.doubt ? texts.no_ends : tell("percent", { value: percent(answer.error) });
      words.error_law = shares(answer.error_law_lo, answer.error_law_hi);
      words.error_bet = shares(answer.error_lo, answer.error_hi);
    }
    for (const name in flops) {
      words[`flops_${name}`] = power(flops[name]);
      words[`money_${name}`] = cost(name);
      for (const [kind, parts] of [["flops", flops], ["money", bill]])
        words[`${kind}_share_${name}`] = tell("percent", { value: percent(share(parts[name], parts.total)) });
    }
    return words;
  }

  // The map: loss over N.
  const [fewest, most] = frame.N, [lowest, highest] = frame.L;
  const x = (N) => frame.left + (frame.width * Math.log(N / fewest)) / Math.log(most / fewest);
  const y = (L) => frame.top + (frame.height * (highest - L)) / (highest - lowest);
  const join = (points) => points.map(([N, L]) => `${x(N).toFixed(1)},${y(L).toFixed(1)}`).join(" L");

  function draw(choice, answer) {
    const { loss } = sets[choice.dataset];
    const sizes = frame.at.filter((N) => tokensOf(choice, N) > 0);
    const at = sizes.map((N) => ({ N, ...predictLoss(loss, N, tokensOf(choice, N)).found }));
    const told = at.filter(({ doubt }) => !doubt);
    const band = (lo, hi) =>
      told.length
        ? `M${join([...told.map((t) => [t.N, t[hi]]), ...told.map((t) => [t.N, t[lo]]).reverse()])}Z`
        : "";
    const [first_N, last_N] = [Math.min(...loss.N), Math.max(...loss.N)].map(x);
    return {
      fitted: { x: first_N.toFixed(1), width: (last_N - first_N).toFixed(1) },
      bet: { d: band("lo", "hi") },
      law: { d: band("law_lo", "law_hi") },
      line: { d: told.length ? `M${join(told.map((t) => [t.N, t.loss]))}` : "" },
      point: { cx: x(answer.N).toFixed(1), cy: y(answer.loss).toFixed(1), r: answer.doubt ? "0" : "5" },
    };
  }

  // The page.
  const root = document.getElementById("planner"), wrong = root.querySelector(".wrong");
  const fieldOf = (name) => fields.find((field) => field.name === name);
  const is = (field, value) =>
    Number.isFinite(value) && (value > 0 || (field.least === 0 && value === 0)) && value <= (field.most ?? Infinity);

  function read(fragment) {
    const given = new URLSearchParams(fragment.replace(/^#/, "")), choice = { ...first };
    if (Object.hasOwn(sets, given.get("dataset"))) choice.dataset = given.get("dataset");
    if (given.get("by") === "budget") choice.by = "budget";
    if (given.has("currency")) choice.currency = given.get("currency").slice(0, 4);
    for (const field of fields)
      if (given.has(field.name) && is(field, Number(given.get(field.name) || NaN)))
        choice[field.name] = Number(given.get(field.name));
    return choice;
  }
  const write = (choice) => `#${new URLSearchParams(choice)}`;
  const isOurs = (fragment) => new URLSearchParams(fragment.replace(/^#/, "")).has("dataset");

  const position = ({ lo, hi, steps }, value) =>
    Math.round((steps * Math.log(Math.max(value, lo) / lo)) / Math.log(hi / lo));
  const valueAt = ({ lo, hi, steps }, at) => round(lo * (hi / lo) ** (at / steps));
  const inUnits = ({ unit }, value) => Number((value / unit).toPrecision(12));
  function speak(field, value) {
    const letters = field.in_money ? of_money : units, currency = field.in_money ? choice.currency : "";
    const number = field.spoken ? count(value, true, letters) : digits(inUnits(field, value));
    return tell("spoken", { value: currency + number, words: field.words });
  }

  let choice = read(isOurs(location.hash) ? location.hash : "");

  function show() {
    const answer = compute(choice), words = say(choice, answer), marks = draw(choice, answer);
    for (const node of root.querySelectorAll("[data-out]")) {
      const text = words[node.dataset.out];
      if (node.textContent !== text) node.textContent = text;
    }
    for (const bar of root.querySelectorAll("[data-bar]")) {
      const [kind, name] = bar.dataset.bar.split(" ");
      bar.setAttribute("width", (100 * share(answer[kind][name], answer[kind].total)).toFixed(1));
    }
    for (const [name, values] of Object.entries(marks))
      for (const [key, value] of Object.entries(values))
        root.querySelector(`[data-mark="${name}"]`).setAttribute(key, value);
    root.querySelector("svg[role=img]").setAttribute("aria-label", `${words.map} ${words.sentence}`);
  }

  function fill(except) {
    wrong.textContent = "";
    for (const control of root.querySelectorAll("[name]")) {
      const value = choice[control.name], field = fieldOf(control.name);
      if (control.type === "range") control.ariaValueText = speak(field, value);
      if (control === except) continue;
      control.setCustomValidity("");
      if (!field) control.value = value;
      else if (control.type === "range") control.value = position(field, value);
      else control.value = inUnits(field, value);
    }
    for (const row of root.querySelectorAll("[data-by]")) row.hidden = row.dataset.by !== choice.by;
  }

  // Whoever turns to a budget begins with the bill of the model, and the other way round.
  function takeAlong(by) {
    const { N, D, money } = compute(choice);
    if (by === "budget") choice.budget = round(money.total);
    else Object.assign(choice, { N: round(N), M: round(D / N) });
  }

  let waiting = 0;
  function change({ target }) {
    const field = fieldOf(target.name);
    if (!field) {
      if (target.name === "by") takeAlong(target.value);
      choice[target.name] = target.value;
    } else {
      const isRange = target.type === "range", given = Number(target.value || NaN);
      const value = isRange ? valueAt(field, given) : given * field.unit;
      if (!is(field, value)) {
        target.setCustomValidity(field.rule);
        const { label, rule } = field, kept = digits(inUnits(field, choice[target.name]));
        wrong.textContent = tell("not_taken", { label, rule, value: kept });
        return target.reportValidity();
      }
      target.setCustomValidity("");
      choice[target.name] = value;
    }
    fill(target);
    history.replaceState(null, "", write(choice));
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(show);
  }

  function start(next) {
    choice = next;
    fill();
    show();
  }

  root.addEventListener("input", change);
  root.querySelector("button").addEventListener("click", () => {
    history.replaceState(null, "", write(first));
    start({ ...first });
  });
  addEventListener("hashchange", () => isOurs(location.hash) && start(read(location.hash)));
  if (isOurs(location.hash)) root.closest("details")?.setAttribute("open", "");
  root.querySelector("form").hidden = false;
  root.querySelector(".still").hidden = true;
  start(choice);
  return { below, compute, tokensOf, say, draw, read, write, first };
})();
