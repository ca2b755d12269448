// Follows a submission's events; when it is graded the page is asked for again, with the result.
"use strict";
const shown = document.querySelector("[data-events]");
if (shown) {
  const events = new EventSource(shown.dataset.events);
  events.addEventListener("status", (event) => {
    const status = JSON.parse(event.data);
    if (status.state === "waiting") {
      shown.textContent = "It waits to be graded" + (status.ahead ? `; ${status.ahead} before it.` : ".");
    } else if (status.state === "running") {
      shown.textContent = "It is being graded.";
    } else {
      events.close();
      location.replace(location.pathname);
    }
  });
}
