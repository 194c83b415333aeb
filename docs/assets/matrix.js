// A family of the matrix: which rows, macOS and GPU, arrow keys, and a window with what a cell rests on. Without it the table
// says what is known on any Mac, and each row leads to its bug. What is known was decided when the page was built.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector("[data-matrix]")
  if (!root) return
  const form = root.querySelector(".filters")
  const table = root.querySelector("table")
  const dialog = root.querySelector("dialog")
  const count = root.querySelector("[data-count]")
  const names = ["op", "show", "macos", "gpu"]
  const heads = table.tHead.rows[0].cells
  const squeeze = (text) => text.toLowerCase().replace(/_/g, "")
  const word = (typed) => typed.replace(/^(?:(?:torch|nn|functional|f|aten|tensor|x)(?:\.|::?))+/, "").replace(/^.*#|[()`.]+$/g, "")
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row,
    slug: row.id,
    text: squeeze(`${row.cells[0].textContent} ${row.dataset.t} ${row.id}`),
    is: (row.dataset.show ?? "").split(" "),
    cells: [...row.cells].slice(1),
    fits: true,
    shown: [], // the answer that each cell shows; none yet: as the page was built
  }))
  const place = (cell) => [rows.find((one) => one.row === cell.parentElement), cell.cellIndex - 1]

  let loading
  const load = () => loading ??= fetch(`../../api/matrix/${root.dataset.matrix}.json`)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .catch((error) => { loading = undefined; throw error })

  const question = () => `${form.elements.macos.value}/${form.elements.gpu.value}`
  const answers = (data, slug) => data.rows[slug][question()] ?? data.rows[slug]["/"]
  const paint = (one, data) => {
    answers(data, one.slug).forEach((number, n) => {
      if (one.shown[n] === number) return
      one.shown[n] = number
      const [signs, state, found] = data.answers[number]
      const cell = one.cells[n]
      cell.className = signs
      const said = `${state}${signs.includes("v") ? ", unverified" : ""}${found ? ", " : ""}`
      cell.replaceChildren(said, ...(found ? [Object.assign(document.createElement("b"), { textContent: found })] : []))
    })
  }

  // A few rows at once, the others a little later: to lay out all takes longer than a key press may.
  const FEW = 6
  let painted // the data, once a macOS or GPU was asked for
  let waiting
  const reveal = (left) => {
    left.slice(0, FEW).forEach((one) => {
      if (painted) paint(one, painted)
      if (one.row.hidden === one.fits) one.row.hidden = !one.fits
    })
    table.setAttribute("aria-busy", left.length > FEW)
    if (left.length > FEW) waiting = setTimeout(() => reveal(left.slice(FEW)), 30)
  }

  const show = () => {
    const wanted = form.elements.show.value
    const words = squeeze(form.elements.op.value).split(/[\s,]+/).map(word).filter(Boolean)
    for (const one of rows) {
      one.fits = (!wanted || one.is.includes(wanted)) && words.every((w) => one.text.includes(w))
      if (!one.fits && !one.row.hidden) one.row.hidden = true
    }
    const found = rows.filter((one) => one.fits)
    count.textContent = found.length === rows.length ? "" : `${found.length} of ${rows.length} bugs.`
    if (found.length && current.parentElement.hidden) reach(found[0].cells[0])
    clearTimeout(waiting)
    reveal([...found, ...rows.filter((one) => !one.fits)])
  }
  const failed = () => { count.textContent = "What is known on one macOS or GPU could not be read now." }
  const update = () => {
    if (painted || question() === "/") return show()
    table.setAttribute("aria-busy", true)
    return load().then((data) => { painted = data; show() }).catch(() => { show(); failed() })
  }

  const line = (name, value) => {
    const paragraph = document.createElement("p")
    paragraph.append(Object.assign(document.createElement("strong"), { textContent: `${name}: ` }), value)
    return paragraph
  }
  const open = (cell) => load().then((data) => {
    const [one, n] = place(cell)
    const [, state, , because, date] = data.answers[answers(data, one.slug)[n]]
    const { macos, gpu } = form.elements
    const where = [`PyTorch ${heads[n + 1].textContent}`, macos.value && `macOS ${macos.value}`, gpu.value && `a ${gpu.value} GPU`]
    const link = one.row.querySelector("a")
    const runs = document.createElement("ul")
    runs.append(...(data.runs[n][one.slug] ?? []).map((said) => Object.assign(document.createElement("li"), { textContent: said })))
    dialog.querySelector("h2").textContent = link.textContent
    dialog.querySelector("[data-body]").replaceChildren(
      line(where.filter(Boolean).join(", "), state),
      line("Rests on", `${because}${date ? ` (as of ${date})` : ""}`),
      line("Runs on Macs", runs.children.length ? runs : "none of this release"),
      line("More", Object.assign(document.createElement("a"), { href: link.href, textContent: "page of the bug" })),
    )
    dialog.showModal()
  }).catch(failed)

  // One cell is in the order of the Tab key, the arrow keys move from there.
  table.setAttribute("role", "grid")
  let current = rows[0].cells[0]
  const reach = (cell) => {
    current.removeAttribute("tabindex")
    current = cell
    cell.tabIndex = 0
  }
  const focus = (cell) => {
    reach(cell)
    cell.focus()
  }
  reach(current)
  const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }
  table.addEventListener("keydown", (event) => {
    if (event.target.tagName !== "TD") return
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      open(event.target)
      return
    }
    const shown = rows.filter((one) => one.fits)
    const y = shown.findIndex((one) => one.row === event.target.parentElement)
    const x = event.target.cellIndex - 1
    const step = STEPS[event.key]
    const next = step ? shown[y + step[0]]?.cells[x + step[1]] : { Home: shown[y].cells[0], End: shown[y].cells.at(-1) }[event.key]
    if (step || next) event.preventDefault()
    if (next) focus(next)
  })
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("tbody td")
    if (!cell) return
    focus(cell)
    open(cell)
  })

  form.addEventListener("input", () => {
    const url = new URL(location)
    names.forEach((name) => {
      if (form.elements[name].value) url.searchParams.set(name, form.elements[name].value)
      else url.searchParams.delete(name)
    })
    history.replaceState(history.state, "", url)
    update()
  })
  form.addEventListener("submit", (event) => event.preventDefault())
  const restore = () => {
    const wanted = new URLSearchParams(location.search)
    names.forEach((name) => {
      form.elements[name].value = wanted.get(name) ?? ""
      if (form.elements[name].selectedIndex === -1) form.elements[name].selectedIndex = 0
    })
    update()
  }
  addEventListener("pageshow", restore) // the browser may bring back what was chosen before
  form.hidden = false
  restore()
})
