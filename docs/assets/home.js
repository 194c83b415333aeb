// "Is my set-up affected?": reads what was judged for the chosen release when the site was built. Compares no versions.
{
  const data = new URL("../api/", document.currentScript.src)
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
    const home = new URL("../", data)

    const answer = (found, advice, chosen) => {
      const use = advice.uses[chosen.use]
      const mac = advice.macos.indexOf(chosen.macos) * advice.chip.length + advice.chip.indexOf(chosen.chip)
      const standing = use ? advice.standings[use.standing[mac]] : { met: [], settle: [] }
      const family = use ? use.family : chosen.use
      const mine = found.affected.filter((bug) => bug.uses.includes(family))
      const fits = (where) => (!chosen.macos || !where.macos || where.macos.includes(chosen.macos)) && (!chosen.chip || !where.chips || where.chips.includes(chosen.chip))
      const known = mine.filter((bug) => bug.where.some(fits))
      const measured = known.filter((bug) => bug.measured).length
      const likely = found.likely.filter((bug) => bug.uses.includes(family) && bug.where.some(fits))
      const unknown = found.unknown[family] + mine.length - known.length
      const list = new URL("bugs/", home)
      list.searchParams.set("torch", found.torch)
      if (chosen.macos) list.searchParams.set("macos", chosen.macos)
      if (family !== "anything") list.searchParams.set("who", family)
      const link = (state, text) => {
        const url = new URL(list)
        url.searchParams.set("state", state)
        return make("a", text, { href: url.href })
      }
      const first = make("p", [make("strong", [link("affected", `${known.length} known to be wrong`), measured ? ` (${measured} measured), ` : ", ", `${likely.length} likely, `, link("unknown", `${unknown - likely.length} more unknown`)]),
        unknown ? ": no list can clear this set-up. The command below decides. " : known.length ? ". " : ": a source says of each known bug that this set-up does not have it.",
        known.length ? "Until it agrees, compute on the CPU." : ""])
      const meets = (bug) => standing.met.includes(bug.slug)
      const all = [...known, ...likely]
      const first2 = [...all.filter(meets), ...all.filter((bug) => !meets(bug))].slice(0, 2)
      const shown = first2.map((bug) => make("li", [make("a", claim(bug.claim), { href: new URL(`bugs/${bug.slug}/`, home).href }),
        meets(bug) ? " (this use may meet it)" : "", bug.why ? `, likely: ${bug.why}, no fix known` : bug.state !== "affected" ? `, ${bug.state}: sources and runs differ` : bug.fixed ? `, fixed in ${bug.fixed}` : ", fix not known"]))
      const page = (text) => make("a", text, { href: new URL(`which-pytorch/#${chosen.use}`, home).href })
      const best = use && advice.taken[use.take[mac]]
      const better = use ? [make("p", [`Of what this use meets or may meet: ${standing.said}. `,
        page(best === found.torch ? "No release stands better" : `PyTorch ${best} stands better`), "."])] : []
      const check = (slug) => make("a", make("code", `python ${slug}.py`), { href: new URL(`bugs/${slug}.py`, home).href, download: "" })
      const settle = standing.settle.length ? [make("p", ["Unknown, and settled on your Mac by ", ...standing.settle.flatMap((slug, n) => (n ? [" or ", check(slug)] : [check(slug)])), "."])] : []
      const judged = chosen.use === "anything" ? [] : [make("p", [make("small", ["Which families of bugs this use can meet is ",
        make("a", "our judgement", { href: new URL("verification/#what-is-our-judgement", home).href }), "."])])]
      const rest = [...better, ...settle, ...judged]
      const more = rest.length ? [make("details", [make("summary", "Another PyTorch, and what settles the rest"), ...rest])] : []
      box.replaceChildren(first, ...(shown.length ? [make("ul", shown)] : []), ...more)
    }

    let asked = 0
    const show = async () => {
      const chosen = Object.fromEntries(names.map((name) => [name, form.elements[name].value]))
      const mine = ++asked
      if (!chosen.torch) return void (box.innerHTML = untouched)
      try {
        const read = async (folder) => (await fetch(new URL(`${folder}/${chosen.torch}.json`, data))).json()
        const [found, advice] = await Promise.all([read("affected"), read("advice")])
        if (mine === asked) answer(found, advice, chosen)
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
