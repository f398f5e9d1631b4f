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

export function openAlert(dialog, alert) {
  const rows = [
    ["Scope", alert.scope], ["Severity", alert.severity], ["State", alert.state], ["n", `${alert.n}`],
    ["What happened", alert.text], ["Next step", alert.next_step], ["Note", alert.note],
  ];
  fill(dialog, alert.title, rows.filter(([, said]) => said !== ""), null);
  const said = make("p");
  const button = (text, act, body) => {
    const node = make("button", "", text);
    node.type = "button";
    node.addEventListener("click", () => send(alert, act, body, said));
    return node;
  };
  dialog.querySelector("form").prepend(
    keyField(), " ", button("Acknowledge", "acknowledge", {}), " ", button("Snooze 4 h", "snooze", { for_s: SNOOZE_S, unless_worse: true }), " ",
  );
  dialog.append(said);
  if (!dialog.open) dialog.showModal();
}
