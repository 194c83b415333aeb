// The index of bugs: the rows that the page leaves out, filters, order, link to share. Versions were judged when it was built.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector("[data-bugs]")
  if (!root) return
  const form = root.querySelector("form")
  const table = root.querySelector("table")
  const body = table.tBodies[0]
  const count = root.querySelector("[data-count]")
  const button = root.querySelector("[data-all]")
  const names = ["op", "torch", "macos", "state", "family", "kind", "evidence", "who", "sort"]
  const field = (name) => form.elements[name]
  const STATES = { a: "affected", c: "affected", d: "affected", u: "unknown", n: "not affected" } // as the filter says it
  const CLASSES = { a: "bad", c: "failed", d: "failed", u: "unknown", n: "good" }
  const SHAPES = { a: "✘ affected", c: "≠ contradiction", d: "± disagreement", u: "? unknown", n: "✔ not affected" }

  // `F.linear`, `aten::linear` and `linear` are one word; so are `layer_norm` and `LayerNorm`, `pytorch#161640` and `161640`.
  const squeeze = (text) => text.toLowerCase().replace(/_/g, "")
  const word = (typed) => typed.replace(/^(?:(?:torch|nn|functional|f|aten|tensor|x)(?:\.|::?))+/, "").replace(/^.*#|[()`.]+$/g, "")

  let rows = []
  const fill = (text) => {
    const all = Object.assign(document.createElement("template"), { innerHTML: text })
    const there = [...body.rows] // they stay: the reader may be in one of them
    rows = [...all.content.children].map((fresh, n) => {
      const row = there[n] ?? fresh
      const link = row.querySelector("a").getAttribute("href")
      row.hidden = !there[n]
      return {
        ...fresh.dataset,
        n, // the rows come in the order of danger
        row,
        text: squeeze(`${row.textContent} ${fresh.dataset.t} ${link}`),
        on: Object.fromEntries((fresh.dataset.m ?? "").split(" ").filter(Boolean).map((one) => one.split(":"))),
        evidence: fresh.dataset.evidence.split(" "),
        who: fresh.dataset.who.split(" "),
        slug: link,
        cell: row.cells[1],
        versions: row.cells[1].innerHTML,
        said: "",
      }
    })
    body.append(...rows.slice(there.length).map((one) => one.row))
  }

  // At the reader's first move, so that what the page loads by itself stays small.
  let loading
  const load = () => loading ??= fetch("rows.txt")
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
    .then(fill)
  const failed = () => {
    loading = undefined // the next move asks again
    root.querySelector("[data-families]").open = true
    count.textContent = "Not filtered: the other bugs could not be read now. The lists by family have them all."
  }

  const letter = (one, place, macos) => (one.on[macos] ?? one.s)[place]

  // A few of the rows that fit at once, the others a little later, more as the reader comes near their end: to lay out all
  // takes longer than a key press may.
  const FEW = 8
  const SLICE = body.rows.length
  let waiting
  let found = []
  let revealed = 0
  const hide = (row) => { if (!row.hidden) row.hidden = true }
  const reveal = (end) => {
    if (!rows.length) return
    found.slice(revealed, end).forEach(([one, now]) => {
      one.row.hidden = false
      if (one.said === now) return
      one.said = now
      one.cell.innerHTML = now ? `<b class="verdict verdict--${CLASSES[now]}">${SHAPES[now]}</b> ${one.versions}` : one.versions
    })
    revealed = Math.min(end, found.length)
    button.textContent = `Show all ${found.length}`
    button.hidden = button.parentElement.hidden = revealed === found.length
  }

  const more = () => {
    if (revealed >= Math.min(SLICE, found.length)) return
    reveal(revealed + FEW)
    waiting = setTimeout(more, 50)
  }

  const show = () => {
    const wanted = Object.fromEntries(names.map((name) => [name, field(name).value]))
    const words = squeeze(wanted.op).split(/[\s,]+/).map(word).filter(Boolean)
    const place = field("torch").selectedOptions[0].dataset.place
    const counts = { affected: 0, unknown: 0, "not affected": 0 }
    found = []
    for (const one of rows) {
      const now = place && letter(one, place, wanted.macos)
      let fits = words.every((w) => one.text.includes(w)) &&
        (!wanted.family || one.family === wanted.family) && (!wanted.kind || one.kind === wanted.kind) &&
        (!wanted.evidence || one.evidence.includes(wanted.evidence)) && (!wanted.who || one.who.includes(wanted.who))
      if (fits && now) counts[STATES[now]] += 1
      fits = fits && (!now || !wanted.state || STATES[now] === wanted.state)
      if (fits) found.push([one, now || ""])
      else hide(one.row)
    }
    found.slice(SLICE).forEach(([one]) => hide(one.row))
    revealed = 0
    reveal(FEW)
    clearTimeout(waiting)
    waiting = setTimeout(more, 50)
    const there = place ? ` In PyTorch ${wanted.torch}: ${counts.affected} known, ${counts.unknown} unknown, ${counts["not affected"]} do not affect it.` : ""
    count.textContent = `${found.length} of ${rows.length} bugs.${there}`
    field("state").disabled = !place
  }

  const ORDERS = {
    danger: (a, b) => a.n - b.n,
    newest: (a, b) => b.d.localeCompare(a.d) || a.n - b.n,
    slug: (a, b) => a.slug.localeCompare(b.slug),
  }
  let order = "danger"
  const sort = () => {
    if (order === field("sort").value) return
    order = field("sort").value
    body.append(...rows.sort(ORDERS[order]).map((one) => one.row))
    table.querySelectorAll("th[data-sort]").forEach((head) => {
      if (head.dataset.sort === order) head.setAttribute("aria-sort", order === "newest" ? "descending" : "ascending")
      else head.removeAttribute("aria-sort")
    })
  }

  const remember = () => {
    const url = new URL(location)
    names.forEach((name) => {
      const value = field(name).value
      if (value && !(name === "sort" && value === "danger")) url.searchParams.set(name, value)
      else url.searchParams.delete(name)
    })
    history.replaceState(history.state, "", url)
  }
  const update = () => load().then(() => { sort(); show() }).catch(failed)
  const restore = () => {
    const asked = new URLSearchParams(location.search)
    names.forEach((name) => {
      field(name).value = asked.get(name) ?? (name === "sort" ? "danger" : "")
      if (field(name).selectedIndex === -1) field(name).selectedIndex = 0
    })
    if (loading || names.some((name) => asked.has(name))) update()
    const more = form.querySelector("details")
    if (names.slice(4).some((name) => asked.has(name))) more.open = true
  }

  table.querySelectorAll("th[data-sort]").forEach((head) => {
    const sorter = document.createElement("button")
    sorter.type = "button"
    sorter.textContent = head.dataset.sort === "newest" ? `${head.textContent}, newest first` : head.textContent
    sorter.addEventListener("click", () => { field("sort").value = head.dataset.sort; changed() })
    head.replaceChildren(sorter)
  })
  const changed = () => { remember(); update() }
  form.addEventListener("input", changed)
  form.addEventListener("submit", (event) => event.preventDefault())
  form.addEventListener("reset", () => setTimeout(changed))

  const all = () => update().then(() => reveal(Infinity))
  button.addEventListener("click", all)
  addEventListener("beforeprint", () => reveal(Infinity))
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "f") all() // the browser's own search finds what is shown
  })
  new IntersectionObserver(([end]) => {
    if (end.isIntersecting) reveal(revealed + SLICE)
  }, { rootMargin: "800px" }).observe(button)
  const moves = ["focusin", "keydown", "pointerdown", "scroll"]
  const first = () => {
    moves.forEach((move) => removeEventListener(move, first))
    update()
  }
  moves.forEach((move) => addEventListener(move, first, { passive: true }))
  addEventListener("pageshow", restore) // the browser may bring back what was typed before
  form.hidden = button.hidden = false
  restore()
})
