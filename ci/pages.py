"""The page of a run in a browser: `norn-sim run --report` of a run that fails, opened by Chromium without a screen. What a reader
would look for has to be in the document once its script has run: a lane a node, the failing check, what a filter hides."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser

import replay

SEED = 1
# Its name is as bad as a name can be. Half of the nodes die just before an ending that asks for writes at once: the run fails.
BAD_NAME = "<img src=x onerror=document.title=1>"
STORY = f"""
name = "{BAD_NAME}"
duration = "6s"
checks = ["one_claimant", "vote_once", "backed_promotions", "slots_served"]
[cluster]
shards = 3
replicas = 1
node_timeout = "500ms"
seed_config = true
[clients]
count = 3
[workload]
write = 1
read = 1
[ending]
serve_within = "0s"
[[plan]]
at = "1500ms"
kind = "k_primaries"
target = 3
lasts = "2s"
primaries = 1
[[plan]]
at = "4s"
kind = "isolate"
target = 2
lasts = "500ms"
[[plan]]
at = "5900ms"
kind = "majority"
target = 1
lasts = "5s"
"""
CHROMIUM = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1500,1000", "--virtual-time-budget=4000",
            "--enable-logging=stderr", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]


# What a reader's hands do, played in the page; what came of it is left in the body's data.
HANDS = """<script>
const svg = document.querySelector('#chart svg'), note = (name, value) => { document.body.dataset[name] = value; };
document.getElementById('zoom-in').click(); note('button', byId('window').textContent);
const at = { bubbles: true, cancelable: true, view: window, clientX: 700, clientY: 400 };
document.querySelector('#chart svg').dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: -300 }));
setTimeout(() => {
  note('wheel', byId('window').textContent);
  document.querySelector('#nodes button').click();
  document.querySelector('#kinds button').click();
  const jump = byId('jump'); jump.selectedIndex = 1; jump.dispatchEvent(new Event('change'));
  note('jump', byId('window').textContent);
  document.querySelector('#faults tbody tr').click(); note('fault', byId('window').textContent);
  byId('find').value = 'ballot'; byId('find').dispatchEvent(new Event('input'));
  setTimeout(() => note('hash', location.hash), 300);
}, 300);
</script>"""


class Document(HTMLParser):
    """What the page holds: elements by tag, class and id, and the text of those with an id."""

    VOID = {"meta", "link", "input", "br", "img"}

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self._open = [], {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in self.VOID:
            self._open.append((tag, attributes.get("id")))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self.text[name] = self.text.get(name, "") + data

    def attributes(self, tag, css=None):
        return [a for t, a in self.elements if t == tag and (css is None or css in (a.get("class") or "").split())]

    def lanes(self):
        return [a.get("data-node") for a in self.attributes("g", "lane")]

    def body(self):
        return self.attributes("body")[0]


def opened(page, fragment=""):
    """(document, complaints of the console) of a page after its script ran."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run([*CHROMIUM, f"--user-data-dir={profile}", "--dump-dom", f"file://{os.path.abspath(page)}{fragment}"],
                              capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    return Document(done.stdout), re.findall(r"CONSOLE.*", done.stderr)


def problems_of(document, complaints, nodes):
    problems = [f"the console says: {line}" for line in complaints]
    if document.body().get("data-ready") != "yes":
        problems.append(f"the script did not come to its end: {document.body().get('data-error')}")
    if sorted(document.lanes()) != sorted(nodes):
        problems.append(f"lanes {document.lanes()} instead of {nodes}")
    return problems


def controls_problems(page, whole):
    """Buttons, wheel, chips, jumps and the filter each change what is shown."""
    played = page.replace(".html", "-hands.html")
    with open(page, encoding="utf-8") as source, open(played, "w", encoding="utf-8") as target:
        target.write(source.read().replace("</body>", HANDS + "</body>"))
    document, complaints = opened(played)
    problems = [f"the console says: {line}" for line in complaints]
    windows = [whole.text.get("window")] + [document.body().get("data-" + name) for name in ("button", "wheel", "jump", "fault")]
    if None in windows or len(set(windows)) != len(windows):
        problems.append(f"the controls do not change the window: {windows}")
    if len(document.lanes()) != len(whole.lanes()) - 1:
        problems.append("a click on a node does not hide it")
    shown = document.body().get("data-hash") or ""
    if not all(word in shown for word in ("zoom=", "node=", "hide=", "find=ballot")):
        problems.append(f"the fragment does not follow: {shown}")
    return problems


def page_opens(out):
    """Problems, empty when the page shows what it has to."""
    folder = "build/ci/pages"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    story = os.path.join(folder, "story.toml")
    with open(story, "w", encoding="utf-8") as handle:
        handle.write(STORY)
    run = replay.norn_sim("release", "run", story, "--seed", SEED, "--report", folder)
    out.write(run.stdout + run.stderr)
    check = replay.check_of(run.stdout)
    pages = glob.glob(folder + "/*.html")
    if check is None or len(pages) != 1:
        return [f"the run fails {check}, {len(pages)} pages"]
    nodes = [f"node{i}" for i in range(6)]
    whole, complaints = opened(pages[0])
    problems = problems_of(whole, complaints, nodes)
    if f"fails {check}" != whole.text.get("verdict"):
        problems.append(f"the verdict is {whole.text.get('verdict')}, not fails {check}")
    if f"--seed {SEED}" not in whole.text.get("command", "") or not whole.text.get("message"):
        problems.append("the page lacks the command or the words of the check")
    if whole.text.get("story") != BAD_NAME or whole.attributes("img"):
        problems.append("the story's name became markup")
    for layer in ("request", "grant"):
        if not whole.attributes("path", layer):
            problems.append(f"no arrow of kind {layer}")
    for table in ("faults", "checks", "entries"):
        if len(whole.text.get(table, "")) < 100:
            problems.append(f"the table {table} is empty")
    together, complaints = opened(pages[0], "#order=shard")
    problems += problems_of(together, complaints, nodes)
    if together.lanes() == whole.lanes():
        problems.append("the nodes of a shard do not come together")
    problems += controls_problems(pages[0], whole)
    part, complaints = opened(pages[0], "#zoom=2,3&node=node1,node4&hide=grant")
    problems += problems_of(part, complaints, ["node1", "node4"])
    if part.attributes("path", "grant"):
        problems.append("a hidden kind is shown")
    if part.text.get("axis") == whole.text.get("axis") or "2.50 s" not in part.text.get("axis", ""):
        problems.append(f"the zoom does not change the axis: {part.text.get('axis')}")
    return problems
