// An alert, and what somebody at the keyboard can do about it. A screen's token doesn't do: it only reads.
import { fill } from "./detail.js";
import { make } from "./nodes.js";
import { authorization, keyField } from "./owner.js";

const SNOOZE_S = 4 * 3600;

async function send(alert, act, body, said) {
  const headers = { "Content-Type": "application/json", ...authorization() };
  const address = `/v1/alerts/${encodeURIComponent(alert.id)}/${act}`;
  try {
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    said.textContent = answer.ok ? "● done" : `! ${(await answer.json()).detail}`;
  } catch (failure) {
    said.textContent = `! ${failure.message}`;
  }
}

// ``back``, where there is something to go back to, opens it.
export function openAlert(dialog, alert, back = null) {
  const rows = [
    ["Scope", alert.scope], ["Severity", alert.severity], ["State", alert.state], ["n", `${alert.n}`],
    ["What happened", alert.text], ["Next step", alert.next_step], ["Note", alert.note],
  ];
  fill(dialog, alert.title, rows.filter(([, said]) => said !== ""), null);
  const said = make("p");
  said.setAttribute("role", "status");
  const button = (text, pressed) => {
    const node = make("button", "", text);
    node.type = "button";
    node.addEventListener("click", pressed);
    return node;
  };
  const form = dialog.querySelector("form");
  form.prepend(
    keyField(), " ", button("Acknowledge", () => send(alert, "acknowledge", {}, said)), " ",
    button("Snooze 4 h", () => send(alert, "snooze", { for_s: SNOOZE_S, unless_worse: true }, said)), " ",
    ...(back ? [button("All of them", back), " "] : []),
  );
  dialog.append(said);
  if (!dialog.open) dialog.showModal();
}

// Alerts of one kind: whose they are; each opens its own.
export function openKind(dialog, row, frame) {
  fill(dialog, `${row.title}: ${row.who}`, [], null);
  const said = make("p");
  said.setAttribute("role", "status");
  const show = async (member) => {
    try {
      const answer = await fetch(`/v1/alerts?${new URLSearchParams({ tenant: frame.tenant })}`, { headers: authorization() });
      const told = await answer.json();
      const alert = told.alerts?.find((each) => each.id === member.id);
      if (!alert) said.textContent = `! ${told.detail ?? "it is over"}`;
      else openAlert(dialog, { ...alert, title: `${row.title}: ${member.who}` }, () => openKind(dialog, row, frame));
    } catch (failure) {
      said.textContent = `! ${failure.message}`;
    }
  };
  const list = make("div", "members", ...row.members.map((member) => {
    const node = make("button", "", member.who);
    node.type = "button";
    node.addEventListener("click", () => show(member));
    return node;
  }));
  const more = row.of > row.members.length ? [make("p", "quiet", `and ${row.of - row.members.length} more`)] : [];
  dialog.querySelector("form").before(list, ...more, said);
  if (!dialog.open) dialog.showModal();
  list.firstElementChild?.focus();
}
