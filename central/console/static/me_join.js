"use strict";
// The token of the link stands behind "#": no browser sends that to a server. It goes on in the form, and out of the address.
const token = document.getElementById("token");
const given = decodeURIComponent(location.hash.slice(1));
if (token && given) {
  token.value = given;
  history.replaceState(null, "", location.pathname);
  token.form.submit();
}
