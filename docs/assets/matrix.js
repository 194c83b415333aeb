// The matrix: macOS switch, arrow keys, and a window with what a cell rests on. Without it each cell is a link to its bug.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector("[data-matrix]")
  if (!root) return
  const form = root.querySelector(".switch")
  const table = root.querySelector("table")
  const dialog = root.querySelector("dialog")
  const grid = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td > a")])
  const cells = grid.flat()
  const versions = table.tHead.rows[0].cells
  const STATES = { a: ["✘", "affected", "bad"], c: ["≠", "contradiction", "failed"], d: ["≠", "disagreement", "failed"], u: ["?", "unknown", "unknown"], n: ["✔", "not affected", "good"] }

  const chosen = () => form.elements.macos.value
  const letter = (cell) => cell.dataset[`m${chosen()}`] ?? cell.dataset.any
  let shown = "" // as the page was built
  const show = () => {
    if (shown === chosen()) return
    shown = chosen()
    cells.forEach((cell) => {
      const [shape, word, name] = STATES[letter(cell)]
      cell.className = `verdict verdict--${name}`
      cell.textContent = shape
      cell.setAttribute("aria-label", word)
    })
  }

  const line = (name, value) => {
    const paragraph = document.createElement("p")
    paragraph.append(Object.assign(document.createElement("strong"), { textContent: `${name}: ` }), value)
    return paragraph
  }
  const open = (cell) => {
    const row = cell.closest("tr").dataset
    const why = cell.dataset[`why${chosen() || "Any"}`]
    const link = Object.assign(document.createElement("a"), { href: cell.href, textContent: "page of the bug" })
    dialog.querySelector("h2").textContent = row.claim
    dialog.querySelector("[data-body]").replaceChildren(
      line(`PyTorch ${versions[cell.parentElement.cellIndex].textContent}${chosen() ? `, macOS ${chosen()}` : ""}`, STATES[letter(cell)][1]),
      ...(why ? [line("Rests on", why)] : []),
      line("Said", row.said),
      line("Known from", row.basis),
      line("Measured", cell.dataset.found ?? "not yet run on a Mac"),
      line("More", link),
    )
    dialog.showModal()
  }

  const focus = (cell) => {
    cells.forEach((other) => { other.tabIndex = other === cell ? 0 : -1 })
    cell.focus()
  }
  const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }
  table.addEventListener("keydown", (event) => {
    const y = grid.findIndex((row) => row.includes(event.target))
    if (y === -1) return
    const x = grid[y].indexOf(event.target)
    const step = STEPS[event.key]
    const next = step ? grid[y + step[0]]?.[x + step[1]] : { Home: grid[y][0], End: grid[y].at(-1) }[event.key]
    if (step || next) event.preventDefault()
    if (next) focus(next)
  })
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td > a")
    if (!cell || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    focus(cell)
    open(cell)
  })
  cells.forEach((cell, n) => { cell.tabIndex = n ? -1 : 0 })

  form.addEventListener("change", () => {
    const url = new URL(location)
    if (chosen()) url.searchParams.set("macos", chosen())
    else url.searchParams.delete("macos")
    history.replaceState(history.state, "", url)
    show()
  })
  const restore = () => {
    const asked = new URLSearchParams(location.search).get("macos") ?? ""
    form.querySelectorAll("input").forEach((input) => { input.checked = input.value === asked })
    if (!form.querySelector("input:checked")) form.querySelector("input").checked = true
    show()
  }
  addEventListener("pageshow", restore)
  form.hidden = false
  restore()
})
