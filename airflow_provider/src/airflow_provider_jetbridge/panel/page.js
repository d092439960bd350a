// Airflow shows this page in a frame that may open no window, and AWS's consoles refuse frames. So
// a link is opened by Airflow's own page around it, which is of the same origin.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[target=_blank]");
  if (!link || window.parent === window) return;
  try {
    const outside = window.parent.document.createElement("a");
    outside.href = link.href;
    outside.target = "_blank";
    outside.rel = "noopener noreferrer";
    outside.click();
    event.preventDefault();
  } catch { /* another origin: the link stays as it is */ }
});

// Light or dark as Airflow's page is, which has a switch for it.
try {
  const around = window.parent.document.documentElement;
  const follow = () => {
    const dark = around.classList.contains("dark");
    const light = around.classList.contains("light");
    if (dark || light) document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  follow();
  new MutationObserver(follow).observe(around, { attributeFilter: ["class"] });
} catch { /* as the browser is set */ }

// The page reads a run in progress again while somebody looks at it.
if (document.body.dataset.moving) {
  setInterval(() => { if (!document.hidden) location.reload(); }, 10000);
}
