// A link's secret stands behind the # of the address, which browsers send to nobody: put it into the form, and forget it.
"use strict";
function take() {
  const form = document.querySelector("form[data-link]");
  const given = location.hash.slice(1);
  if (!form || given.length < 20) return;
  history.replaceState(null, "", location.pathname);
  form.elements.link.value = given;
  if (form.dataset.link === "submit") form.submit();
}
addEventListener("hashchange", take);
take();
