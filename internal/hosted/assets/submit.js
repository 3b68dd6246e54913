// Posts the page's form at once: the confirmation of a sign-out.
/** @type {HTMLFormElement | null} */ (document.querySelector("form[data-submit]"))?.submit();
