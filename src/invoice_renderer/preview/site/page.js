// The preview's page: it asks for a scene, shows it, and asks again when a file has changed.

const CHOICES = ["template", "locale", "paper", "theme", "time_zone"];
const ZOOMS = ["0.5", "0.75", "1", "1.5", "2"];
const RESOLUTIONS = [96, 144, 192, 288]; // dots per inch that the server draws
const POINTS_TO_PIXELS = 96 / 72;
const FEW_NOTICES = 3; // of one kind; more are folded away
const HOLD_MS = 50; // an arrow key that is held down asks once it comes to rest

const $ = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search);
let scene = null;
let shown = {}; // the choices of the last invoice that was drawn
let asking = null;
let holding = 0;

// ------------------------------------------------------------------ asking

function choose(name, value) {
  if (value) wanted.set(name, value);
  else wanted.delete(name);
  history.replaceState(null, "", `?${wanted}`);
  if (name === "case") markCase();
  clearTimeout(holding);
  holding = setTimeout(() => ask(), HOLD_MS);
}

async function ask(why = "") {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  document.body.dataset.state = "asking";
  const slow = setTimeout(() => { document.body.dataset.stale = ""; say("Drawing…"); }, 150);
  try {
    const answer = await fetch(`/scene?${wanted}`, { signal });
    const next = await answer.json();
    if (signal.aborted) return;
    scene = next;
    await show(why, signal);
  } catch (failure) {
    if (!signal.aborted) say(`The preview does not answer (${failure.message}).`);
  } finally {
    clearTimeout(slow);
    if (!signal.aborted) {
      delete document.body.dataset.stale;
      document.body.dataset.state = scene?.proof ? "shown" : "problem";
    }
  }
}

function follow() {
  const changes = new EventSource("/changes");
  changes.onopen = () => { document.body.dataset.live = "yes"; };
  changes.onerror = () => {
    document.body.dataset.live = "no";
    say("The preview has ended; this page follows again when it is back.");
  };
  changes.onmessage = (message) => {
    const news = JSON.parse(message.data);
    if (scene === null || news.change !== scene.change) ask(news.files.join(", "));
  };
}

// ------------------------------------------------------------------ showing

async function show(why, signal) {
  fillCases();
  fillChoices();
  const { proof, problem } = scene;
  $("problem").hidden = problem === null;
  $("sheets").hidden = proof === null;
  $("facts").hidden = $("notices").hidden = proof === null;
  if (problem) {
    showProblem(problem);
    document.title = `✗ ${caseName()} · Preview`;
    say(why ? `${why} changed.` : "");
    return;
  }
  document.title = `${caseName()} · Preview`;
  showNotes(proof);
  showHtml(proof);
  await showPages(proof, signal);
  const drawn = `Drawn in ${proof.milliseconds} ms.`;
  if (!signal.aborted) say(why ? `${why} changed. ${drawn}` : drawn);
}

async function showPages(proof, signal) {
  const zoom = $("zoom").value;
  const sharpness = devicePixelRatio * (zoom === "fit" ? 1 : Number(zoom)) * 96;
  const dpi = RESOLUTIONS.find((each) => each >= sharpness) ?? RESOLUTIONS.at(-1);
  const figures = proof.sizes.map(([width, height], number) => {
    const figure = document.createElement("figure");
    const picture = document.createElement("img");
    const caption = document.createElement("figcaption");
    const scale = POINTS_TO_PIXELS * (zoom === "fit" ? 1.35 : Number(zoom));
    figure.style.setProperty("--width", `${Math.round(width * scale)}px`);
    figure.style.setProperty("--most", zoom === "fit" ? "100%" : "none");
    picture.width = Math.round(width * POINTS_TO_PIXELS);
    picture.height = Math.round(height * POINTS_TO_PIXELS);
    picture.loading = number < 2 ? "eager" : "lazy";
    picture.alt = `Page ${number + 1} of ${proof.sizes.length}, invoice ${caseName()}`;
    picture.src = `/pages/${proof.id}/${number}-${dpi}.png`;
    caption.textContent = `${number + 1} / ${proof.sizes.length}`;
    figure.append(picture, caption);
    return figure;
  });
  // The old pages stay until the first new one is there: nothing flickers, nothing scrolls.
  await figures[0]?.firstChild.decode().catch(() => {});
  if (signal?.aborted) return;
  const { scrollTop } = $("stage");
  $("pages").replaceChildren(...figures);
  $("stage").scrollTop = scrollTop;
  $("pages").dataset.proof = proof.id;
}

function showHtml(proof) {
  const view = currentView();
  document.body.dataset.view = view;
  $("html").hidden = view === "pages";
  const address = `/documents/${proof.id}.html`;
  if (view !== "pages" && $("html").getAttribute("src") !== address) $("html").src = address;
}

function showProblem(problem) {
  $("problem-detail").textContent = problem.detail;
  $("problem-file").hidden = $("problem-hint").hidden = problem.file === "";
  $("problem-reset").hidden = problem.file !== "";
  $("problem-file").firstElementChild.textContent =
    problem.line ? `${problem.file}:${problem.line}` : problem.file;
  $("problem-excerpt").hidden = problem.excerpt.length === 0;
  $("problem-excerpt").replaceChildren(...problem.excerpt.map((source) => {
    const line = element("span", source.text || " ");
    if (source.number === problem.line) line.className = "here";
    line.prepend(element("i", String(source.number)));
    return line;
  }));
  $("says").textContent = currentCase()?.says ?? "";
}

function showNotes(proof) {
  $("says").textContent = currentCase().says;
  $("notice-count").textContent = proof.notices.length || "";
  $("notices").lastElementChild.replaceChildren(...noticeGroups(proof.notices));
  const sha = element("dd", `${proof.sha256.slice(0, 10)}… `);
  sha.className = "mono";
  sha.title = proof.sha256;
  const copy = element("button", "Copy");
  copy.type = "button";
  copy.setAttribute("aria-label", "Copy the SHA-256");
  copy.onclick = async () => {
    await navigator.clipboard.writeText(proof.sha256);
    say("SHA-256 copied.");
  };
  sha.append(copy);
  const facts = [
    ["Pages", String(proof.sizes.length)],
    ["Size", `${proof.bytes.toLocaleString("en")} bytes`],
    ["Drawn in", `${proof.milliseconds} ms`],
    ["Template", proof.template],
    ["SHA-256", sha],
  ];
  $("facts").querySelector("dl").replaceChildren(
    ...facts.flatMap(([term, what]) => [
      element("dt", term), what instanceof Node ? what : element("dd", what),
    ]),
  );
  $("pdf").href = `/documents/${proof.id}.pdf`;
}

function noticeGroups(notices) {
  if (notices.length === 0) {
    const none = element("p", "None.");
    none.className = "none";
    return [none];
  }
  return [...new Set(notices.map((notice) => notice.code))].map((code) => {
    const own = notices.filter((notice) => notice.code === code);
    const group = document.createElement("details");
    const list = document.createElement("ul");
    group.open = own.length <= FEW_NOTICES;
    list.append(...own.map((notice) => element("li", notice.detail)));
    group.append(element("summary", own.length > 1 ? `${code} × ${own.length}` : code), list);
    return group;
  });
}

// ------------------------------------------------------------------ choosing

function fillCases() {
  const names = scene.cases.map((each) => each.name).join();
  if ($("cases").dataset.names !== names) {
    $("cases").dataset.names = names;
    $("cases").replaceChildren(...scene.cases.map((each) => {
      const link = element("a", "");
      link.href = `?case=${encodeURIComponent(each.name)}`;
      link.dataset.case = each.name;
      link.title = each.says;
      link.append(element("b", title(each.name)), element("span", each.says));
      link.onclick = (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        choose("case", each.name);
      };
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    fill($("case"), scene.cases.map((each) => [each.name, title(each.name)]), caseName());
  }
  markCase();
}

function markCase() {
  for (const link of $("cases").querySelectorAll("a")) {
    const isHere = link.dataset.case === caseName();
    if (isHere) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (isHere) link.scrollIntoView({ block: "nearest" });
  }
  $("case").value = caseName();
}

function fillChoices() {
  shown = scene.proof?.presentation ?? shown;
  const current = (name) => wanted.get(name) ?? shown[name] ?? "";
  const name = current("template") || scene.templates[0]?.name;
  const template = scene.templates.find((each) => each.name === name);
  fill($("template"), scene.templates.map((each) => [each.name, each.name]), name);
  if (!template) return;
  fill($("locale"), template.locales.map((each) => [each.tag, each.name]), current("locale"));
  fill($("paper"), template.papers.map((each) => [each, title(each)]), current("paper"));
  fill($("theme"), template.themes.map((each) => [each, title(each)]), current("theme"));
  fill($("time_zone"), scene.time_zones.map((each) => [each, each.replace("_", " ")]),
    current("time_zone"));
}

function fill(select, pairs, value) {
  const isOffered = pairs.some(([each]) => each === value);
  const all = isOffered ? pairs : [[value, value || "–"], ...pairs];
  select.replaceChildren(...all.map(([each, text]) => new Option(text, each)));
  select.value = value;
}

function chooseTemplate(name) {
  const template = scene.templates.find((each) => each.name === name);
  const offers = (list, value) => value === null || list.includes(value);
  if (!offers(template.themes, wanted.get("theme"))) wanted.delete("theme");
  if (!offers(template.papers, wanted.get("paper"))) wanted.delete("paper");
  if (!offers(template.locales.map((each) => each.tag), wanted.get("locale"))) wanted.delete("locale");
  choose("template", name);
}

function step(by) {
  const names = scene.cases.map((each) => each.name);
  const next = names.indexOf(caseName()) + by;
  if (next >= 0 && next < names.length) {
    $("stage").scrollTop = 0;
    choose("case", names[next]);
  }
}

function turn(select, by) {
  const count = select.options.length;
  if (!count) return;
  select.selectedIndex = (select.selectedIndex + by + count) % count;
  select.dispatchEvent(new Event("change"));
  say(`${select.labels[0].firstChild.textContent.trim()}: ${select.selectedOptions[0].text}`);
}

function redraw() {
  document.body.toggleAttribute("data-grey", $("grey").checked);
  if (!scene?.proof) return;
  showHtml(scene.proof);
  showPages(scene.proof);
}

// ------------------------------------------------------------------ keys

const KEYS = {
  v: (by) => {
    const views = [...document.querySelectorAll("input[name=view]")];
    const here = views.findIndex((each) => each.checked);
    views[(here + by + views.length) % views.length].click();
  },
  l: (by) => turn($("locale"), by),
  p: (by) => turn($("paper"), by),
  t: (by) => turn($("theme"), by),
  z: (by) => turn($("time_zone"), by),
  g: () => $("grey").click(),
  o: () => { if (scene?.proof) $("pdf").click(); },
  "+": () => zoom(1),
  "=": () => zoom(1),
  "-": () => zoom(-1),
  0: () => { $("zoom").value = "fit"; redraw(); },
  "?": () => $("help").showModal(),
};

function zoom(by) {
  const here = ZOOMS.indexOf($("zoom").value);
  const next = here < 0 ? ZOOMS.indexOf("1") : here + by;
  $("zoom").value = ZOOMS[Math.min(Math.max(next, 0), ZOOMS.length - 1)];
  redraw();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("select, input, textarea, dialog");
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping || !scene) return;
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    event.preventDefault();
    step(event.key === "ArrowRight" ? 1 : -1);
    return;
  }
  const act = $("letters").checked ? KEYS[event.key.toLowerCase()] : undefined;
  if (!act) return;
  event.preventDefault();
  act(event.shiftKey ? -1 : 1);
});

// ------------------------------------------------------------------ small things

const caseName = () => currentCase()?.name ?? "";
const currentCase = () =>
  scene?.cases.find((each) => each.name === wanted.get("case")) ?? scene?.cases[0];
const currentView = () => document.querySelector("input[name=view]:checked").value;
const title = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("-", " ");
const say = (text) => { $("said").textContent = text; };

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

for (const name of CHOICES.slice(1)) $(name).onchange = () => choose(name, $(name).value);
$("template").onchange = () => chooseTemplate($("template").value);
$("case").onchange = () => choose("case", $("case").value);
$("previous").onclick = () => step(-1);
$("next").onclick = () => step(1);
$("keys").onclick = () => $("help").showModal();
$("reset").onclick = () => {
  for (const name of CHOICES) wanted.delete(name);
  choose("case", caseName());
};
$("zoom").onchange = redraw;
$("grey").onchange = redraw;
for (const each of document.querySelectorAll("input[name=view]")) each.onchange = redraw;
$("letters").checked = localStorage.getItem("letters") !== "no";
$("letters").onchange = () => localStorage.setItem("letters", $("letters").checked ? "yes" : "no");

await ask();
follow();
