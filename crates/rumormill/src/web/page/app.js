// The start of the page: signs in, then opens the chat.

import { $, twoLines } from "./dom.js";
import { call, signIn, whenSignedElsewhere } from "./api.js";
import { Chat } from "./chat.js";
import { goal } from "./marked.js";
import { applyTheme } from "./settings.js";

applyTheme();
let chat = null;
// The message and the ticket that a link named.
let wanted = null;
let ticket = null;
const TICKET = /^#rumor\d[a-z2-7]+$/i;

// Removes the one-time code, or a ticket, from the address bar and the history before it is used.
function takeCode() {
  const { hash } = location;
  if (hash) history.replaceState(null, "", location.pathname);
  const to = goal(hash);
  wanted = to ?? wanted;
  if (!TICKET.test(hash)) return to ? "" : hash.slice(1);
  ticket = hash.slice(1);
  return "";
}

// A ticket from a link joins nothing before the person agrees.
function offerTicket() {
  if (ticket) chat.screens.open.invited(ticket);
  ticket = null;
}

function gate(failure) {
  $("gate").hidden = false;
  $("gate-error").replaceChildren(...(failure ? twoLines(failure) : []));
  $("gate-code").value = "";
  $("gate-code").focus();
}

async function open(code) {
  try {
    if (code) await signIn(code);
    await call("GET", "/v1/rooms");
  } catch (failure) {
    if (code && failure.status !== 0) return gate({ what: "This code has been used or has run out", help: "Run rumormill serve again and open the link it prints." });
    return gate(failure.status === 401 ? null : failure);
  }
  $("gate").hidden = true;
  chat ??= new Chat(() => gate());
  chat.start(wanted);
  wanted = null;
  offerTicket();
}

$("gate-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = $("gate-code").value.trim();
  open(said.slice(said.lastIndexOf("#") + 1));
});
addEventListener("hashchange", () => {
  const code = takeCode();
  const isOut = $("app").hidden;
  if (code && isOut) open(code);
  else if (wanted && !isOut) chat.go(wanted).finally(() => (wanted = null));
  else if (!isOut) offerTicket();
});
// All windows of a browser share one token, so they sign in and out together.
whenSignedElsewhere((isIn) => {
  if (!isIn) location.reload();
  else if ($("app").hidden) open();
});
open(takeCode());
