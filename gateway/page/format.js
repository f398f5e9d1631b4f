// Numbers and times as people read them. Pure functions: what comes in decides what comes out.

// Decimals of a currency's minor unit where they aren't two, as far as the browser knows them.
export function moneyText(minor, currency) {
  if (minor === null) return "–";
  if (!currency) return (minor / 100).toLocaleString("en", { maximumFractionDigits: 0 });
  const format = new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 0 });
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  return format.format(minor / 10 ** digits);
}

export function numberText(value, unit, currency) {
  if (value === null || value === undefined) return "–";
  if (unit === "money") return moneyText(value, currency);
  return value.toLocaleString("en", { maximumFractionDigits: Number.isInteger(value) ? 0 : 1 });
}

export function unitText(unit, currency) {
  return unit === "money" ? (currency ? "" : "base currency") : unit;
}

export function facetsText(facets) {
  return Object.entries(facets)
    .map(([name, amount]) => `${name} ${amount.toLocaleString("en", { maximumFractionDigits: 1 })}`)
    .join(" · ");
}

// Never colour alone: each status has a sign and its word.
export function statusText(status) {
  const signs = {
    live: "●", restated: "↻", partial: "!", stale: "!", suppressed: "–", insufficient: "~", maturing: "…", out_of_history: "×",
  };
  return `${signs[status] ?? "?"} ${status.replaceAll("_", " ")}`;
}

// What a partial number waits for: "source:crm/eu" is a publisher that fell silent, "rate:USD" a rate that isn't there.
export function missingText(missing) {
  const words = missing.map((part) => {
    const [kind, name] = [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)];
    return kind === "source" ? `${name} is silent` : `no ${kind} of ${name}`;
  });
  return words.join(", ");
}

export function clockText(instant) {
  return new Date(instant).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
