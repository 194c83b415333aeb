// "Is my set-up affected?": reads what was judged for the chosen release when the site was built. Compares no versions.
{
  const data = new URL("../api/affected/", document.currentScript.src)
  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-affected]")
    if (!root) return
    const form = root.querySelector("form")
    const box = root.querySelector("[data-answer]")
    const names = ["torch", "macos", "chip", "use"]
    const untouched = box.innerHTML
    const make = (tag, content, attributes = {}) => {
      const element = Object.assign(document.createElement(tag), attributes)
      element.append(...[content].flat())
      return element
    }
    const claim = (text) => text.split("`").map((part, n) => (n % 2 ? make("code", part) : part))
    const home = new URL("../../", data)

    const answer = (found, chosen) => {
      const mine = found.affected.filter((bug) => bug.uses.includes(chosen.use))
      const fits = (mac) => (!chosen.macos || !mac.macos || mac.macos.includes(chosen.macos)) && (!chosen.chip || !mac.chips || mac.chips.includes(chosen.chip))
      const known = mine.filter((bug) => bug.where.some(fits))
      const likely = found.likely.filter((bug) => bug.uses.includes(chosen.use) && bug.where.some(fits))
      const unknown = found.unknown[chosen.use] + mine.length - known.length
      const list = new URL("bugs/", home)
      list.searchParams.set("torch", found.torch)
      if (chosen.macos) list.searchParams.set("macos", chosen.macos)
      if (chosen.use !== "anything") list.searchParams.set("who", chosen.use)
      const link = (state, text) => {
        const url = new URL(list)
        url.searchParams.set("state", state)
        return make("a", text, { href: url.href })
      }
      const first = make("p", [make("strong", [link("affected", `${known.length} known`), ", ", link("unknown", `${unknown} unknown`), likely.length ? `, ${likely.length} of these likely to be there` : ""]),
        unknown ? ": no list can clear this set-up. The command below decides. " : known.length ? ". " : ": a source says of each known bug that this set-up does not have it.",
        known.length ? "Until it agrees, compute on the CPU." : ""])
      const first3 = [...known, ...likely].slice(0, 3)
      const shown = first3.map((bug) => make("li", [make("a", claim(bug.claim), { href: new URL(`bugs/${bug.slug}/`, home).href }),
        bug.why ? `, likely: ${bug.why}` : bug.state !== "affected" ? `, ${bug.state}: sources and runs differ` : bug.fixed ? `, fixed in ${bug.fixed}` : ", fix not known"]))
      const judged = chosen.use === "anything" ? [] : [make("p", [make("small", ["Which bugs this use can meet is ",
        make("a", "our judgement", { href: new URL("verification/#what-is-our-judgement", home).href }), "."])])]
      box.replaceChildren(first, ...(shown.length ? [make("ul", shown)] : []), ...judged)
    }

    let asked = 0
    const show = async () => {
      const chosen = Object.fromEntries(names.map((name) => [name, form.elements[name].value]))
      const mine = ++asked
      if (!chosen.torch) return void (box.innerHTML = untouched)
      try {
        const found = await (await fetch(new URL(`${chosen.torch}.json`, data))).json()
        if (mine === asked) answer(found, chosen)
      } catch {
        box.replaceChildren(make("p", ["The data could not be read. ", make("a", "By release of PyTorch", { href: "#by-pytorch-release" })]))
      }
    }
    const remember = () => {
      const url = new URL(location)
      names.forEach((name) => {
        const value = form.elements[name].value
        if (value && value !== "anything") url.searchParams.set(name, value)
        else url.searchParams.delete(name)
      })
      history.replaceState(history.state, "", url)
    }
    const restore = () => {
      const wanted = new URLSearchParams(location.search)
      names.forEach((name) => {
        form.elements[name].value = wanted.get(name) ?? ""
        if (form.elements[name].selectedIndex === -1) form.elements[name].selectedIndex = 0
      })
      show()
    }
    form.addEventListener("input", () => { remember(); show() })
    form.addEventListener("submit", (event) => event.preventDefault())
    addEventListener("pageshow", restore)
    form.hidden = false
    restore()
  })
}
