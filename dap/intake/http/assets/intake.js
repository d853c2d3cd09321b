// Sends a file to the service, and shows how far it is, the verdict, the findings and the receipt.
// The token stays in this page's memory: no cookie, no storage. Texts are set as text, never as markup.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const said = JSON.parse(at("main").dataset.said);
  const ROUND = 1500;
  let token = "";
  let me = null;
  let links = [];
  let stated = "";

  function alarm(text) {
    at("alert").textContent = text;
    if (text) { at("working").hidden = true; at("alert").focus(); }
  }
  function stage(text, percent) {
    at("working").hidden = false;
    at("withdraw").hidden = true;
    if (at("stage").textContent !== text) at("stage").textContent = text;
    if (percent === null) at("progress").removeAttribute("value");
    else at("progress").value = percent;
  }
  function told(problem) {
    return problem && problem.detail ? `${problem.detail} ${problem.fix || ""}`.trim() : said.unknown;
  }
  async function ask(path, options = {}) {
    let answer;
    try {
      answer = await fetch(path, { ...options, headers: { Authorization: `Bearer ${token}`, "Accept-Language": document.documentElement.lang, ...options.headers } });
    } catch { throw new Error(said.unknown); }
    const body = await answer.json().catch(() => null);
    if (!answer.ok) throw Object.assign(new Error(told(body)), { code: body && body.code });
    return body;
  }
  function options(select, entries) {
    select.replaceChildren(...[["", said.choose], ...entries].map(([value, text]) => new Option(text, value)));
  }

  at("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    alarm("");
    token = at("token").value.trim();
    try {
      me = await ask("/v1/me");
    } catch (error) {
      at("token").setAttribute("aria-invalid", "true");
      alarm(error.message);
      return;
    }
    at("token").removeAttribute("aria-invalid");
    at("token").value = "";
    at("who").textContent = `${said.district}: ${me.district}. ${said.expires} ${me.expires.slice(0, 10)}.`;
    options(at("collection"), me.collections.map((each) => [each.id, `${each.title} (${each.id})`]));
    options(at("period"), []);
    at("submit").hidden = at("nothing").hidden = !me.actions.includes("submit");
    at("check").hidden = !me.actions.includes("check");
    at("sign-in").hidden = true;
    at("send").hidden = false;
    at("send-title").focus();
  });

  at("collection").addEventListener("change", () => {
    const chosen = me.collections.find((each) => each.id === at("collection").value);
    options(at("period"), (chosen ? chosen.periods : []).map((each) => [each, each]));
  });

  function place() {
    const parts = [me.district, at("collection").value, at("period").value];
    return parts.every(Boolean) ? parts.map(encodeURIComponent) : null;
  }
  function busy(now) {
    for (const each of at("send").querySelectorAll("button, input, select")) each.disabled = now;
  }

  at("send").addEventListener("submit", async (event) => {
    event.preventDefault();
    const only = event.submitter && event.submitter.value === "check";
    const file = at("file").files[0];
    const address = place();
    alarm("");
    at("result").hidden = true;
    if (!address || !file) return alarm(said.missing);
    if (!file.size) return alarm(said.empty);
    if (file.size > me.max_bytes) return alarm(said.large);
    if (!(window.crypto && crypto.subtle)) return alarm(said.insecure);
    busy(true);
    try {
      stage(said.hashing, null);
      const hash = await hashOf(file);
      const path = only
        ? `/v1/checks?collection=${address[1]}&period=${address[2]}`
        : `/v1/submissions/${address.join("/")}`;
      const answer = await sent(only ? "POST" : "PUT", path, file, hash, only);
      if (only) show(answer, answer.verdict, null);
      else await judged(answer);
    } catch (error) {
      alarm(error.message);
    } finally {
      busy(false);
    }
  });

  async function hashOf(file) {
    let bytes;
    try { bytes = await file.arrayBuffer(); } catch { throw new Error(said.empty); }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
  }
  // fetch tells nothing of how far an upload is.
  function sent(method, path, file, hash, only) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, path);
      request.responseType = "json";
      request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.setRequestHeader("Accept-Language", document.documentElement.lang);
      request.setRequestHeader("X-Checksum-SHA256", hash);
      if (!only) request.setRequestHeader("Prefer", "wait=0");
      request.upload.addEventListener("progress", (event) => {
        const percent = Math.floor((100 * event.loaded) / event.total);
        stage(`${said.sending} ${Math.floor(percent / 25) * 25} %`, percent);
      });
      request.upload.addEventListener("load", () => stage(only ? said.checking : said.judging, null));
      request.addEventListener("error", () => reject(new Error(said.unknown)));
      request.addEventListener("load", () =>
        request.status < 300 ? resolve(request.response) : reject(new Error(told(request.response))));
      request.send(file);
    });
  }

  async function judged(answer) {
    const path = `/v1/submissions/${encodeURIComponent(answer.id)}`;
    let submission = answer;
    stage(said.judging, null);
    for (;;) {
      submission = await ask(path, { headers: { Prefer: "wait=10" } });
      if (submission.state === "broken") return show(null, "broken", null);
      if (!["received", "judging"].includes(submission.state)) break;
      await new Promise((resolve) => setTimeout(resolve, ROUND));
    }
    show(await ask(`${path}/report`), submission.state, await ask(`${path}/receipt`));
  }

  function add(parent, tag, text, name) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (name) made.className = name;
    parent.append(made);
    return made;
  }
  function where(finding) {
    const parts = [];
    if (finding.field) parts.push(finding.field);
    else if (finding.column) parts.push(`${said.column} ${finding.column}`);
    if (finding.rows.length) parts.push(`${said.rows} ${finding.rows.slice(0, 12).join(", ")}${finding.rows.length > 12 ? ", …" : ""}`);
    if (finding.count > 1) parts.push(`${finding.count} ${said["in-all"]}`);
    return parts.join(" · ") || said.whole;
  }
  function show(report, verdict, receipt) {
    at("working").hidden = true;
    at("verdict").textContent = said[verdict];
    at("verdict").className = verdict;
    at("next").textContent = receipt ? said[`${verdict}-next`] : report ? said["check-only"] : "";
    const list = at("findings");
    list.replaceChildren();
    for (const finding of report ? report.findings : []) {
      const box = add(list, "div", "", `finding ${finding.severity}`);
      add(box, "h3", `${said[finding.severity]} ${finding.rule}: ${where(finding)}`);
      // The plan's own sentences are in the plan's language.
      add(box, "p", finding.message).lang = "en";
      add(box, "p", finding.fix).lang = "en";
    }
    if (report && !report.findings.length) add(list, "p", said.none);
    links.forEach((each) => URL.revokeObjectURL(each));
    links = [];
    save("save", receipt, receipt && `receipt-${receipt.id}.json`);
    save("save-report", report, receipt ? `report-${receipt.id}.json` : "report.json");
    at("receipt").hidden = !receipt;
    if (receipt) {
      const body = receipt.entry.body;
      at("receipt-id").textContent = receipt.id;
      at("receipt-received").textContent = body.received;
      at("receipt-hash").textContent = body.sha256;
      at("receipt-plan").textContent = body.plan_version;
    }
    at("result").hidden = false;
    at("verdict").focus();
  }
  function save(id, document_, name) {
    at(id).hidden = !document_;
    if (!document_) return;
    const link = URL.createObjectURL(new Blob([JSON.stringify(document_, null, 2) + "\n"], { type: "application/json" }));
    links.push(link);
    at(id).href = link;
    at(id).download = name;
  }

  at("nothing").addEventListener("click", async () => {
    const address = place();
    alarm("");
    at("result").hidden = true;
    if (!address) return alarm(said.missing);
    if (!window.confirm(said.confirm)) return;
    try {
      stated = `/v1/submissions/${address.join("/")}/nothing-to-report`;
      await ask(stated, { method: "PUT" });
      stage(said["nothing-stated"], 100);
      at("withdraw").hidden = false;
    } catch (error) { alarm(error.message); }
  });
  at("withdraw").addEventListener("click", async () => {
    alarm("");
    try {
      await ask(stated, { method: "DELETE" });
      stage(said["nothing-withdrawn"], 100);
    } catch (error) { alarm(error.message); }
  });
  at("print").addEventListener("click", () => window.print());
})();
