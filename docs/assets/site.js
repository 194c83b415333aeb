// What the theme leaves open for keyboard and screen reader. Runs once a page; without it everything is still readable.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search")

  const mend = () => {
    document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code, .highlight-ipynb, .jp-RenderedHTMLCommon").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
    })
    document.querySelectorAll("nav.md-code__nav").forEach((nav, n) => nav.setAttribute("aria-label", `Code block ${n + 1}`))
  }
  // The theme adds these elements later, and which boxes scroll depends on the width. Once for many changes: it measures.
  let due
  const later = () => {
    clearTimeout(due)
    due = setTimeout(mend, 100)
  }
  later()
  new MutationObserver(later).observe(document.querySelector("main"), { childList: true, subtree: true })
  addEventListener("resize", later)
})
