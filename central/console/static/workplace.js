"use strict";
// Carries what is to be signed to the key at the medic's workplace, and its signature back. The centre has made the bytes and
// verifies the signature over them; this page decides nothing.

const WAIT_PIN_MS = 240000;
const WAIT_SIGN_MS = 60000;

class Said extends Error {}

async function fromSigner(form, errand) {
  const address = `http://127.0.0.1:${form.dataset.port}/sign`;
  const wait = form.dataset.purpose === "decide" ? WAIT_SIGN_MS : WAIT_PIN_MS;
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ request: JSON.parse(errand.request), content: errand.content }),
      credentials: "omit",
      signal: AbortSignal.timeout(wait),
    });
  } catch {
    throw new Said("absent");
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Said(found.error || "forbidden");
  return found.cms;
}

// КриптоПро ЭЦП Browser plug-in. Not tried against the real plug-in: written from its public reference, tried against a stand-in.
async function fromPlugin(form, errand) {
  const api = window.cadesplugin;
  if (!api) throw new Said("plugin-absent");
  try {
    await api;
  } catch {
    throw new Said("plugin-absent");
  }
  try {
    const store = await api.CreateObjectAsync("CAdESCOM.Store");
    await store.Open(api.CAPICOM_CURRENT_USER_STORE, api.CAPICOM_MY_STORE, api.CAPICOM_STORE_OPEN_MAXIMUM_ALLOWED);
    try {
      const all = await store.Certificates;
      // Without a certificate in the register the person may choose: plug-ins ask, and the one that may be used is taken.
      const found = errand.thumbprint
        ? await all.Find(api.CAPICOM_CERTIFICATE_FIND_SHA1_HASH, errand.thumbprint.toUpperCase())
        : await all.Find(api.CAPICOM_CERTIFICATE_FIND_TIME_VALID);
      if ((await found.Count) !== 1) throw new Said("certificate-absent");
      const signer = await api.CreateObjectAsync("CAdESCOM.CPSigner");
      await signer.propset_Certificate(await found.Item(1));
      const data = await api.CreateObjectAsync("CAdESCOM.CadesSignedData");
      await data.propset_ContentEncoding(api.CADESCOM_BASE64_TO_BINARY);
      await data.propset_Content(errand.content);
      return await data.SignCades(signer, api.CADESCOM_CADES_BES, true);
    } finally {
      await store.Close();
    }
  } catch (error) {
    throw error instanceof Said ? error : new Said("plugin-refused");
  }
}

async function errandOf(form) {
  if (form.dataset.request) return form.dataset;
  const fields = new URLSearchParams({ purpose: form.dataset.purpose, holder: form.dataset.holder, csrf: form.elements.csrf.value });
  const answer = await fetch("/signature/errand", { method: "POST", body: fields, headers: { Accept: "application/json" } });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok || !found.nonce) throw new Said(found.error || "unknown");
  return found;
}

async function carry(form) {
  const said = form.querySelector(".said");
  const failed = form.querySelector(".failed");
  const button = form.querySelector(".go");
  button.disabled = true;
  failed.hidden = true;
  said.textContent = form.dataset.working;
  said.hidden = false;
  try {
    const errand = await errandOf(form);
    const cms = await (form.dataset.holder === "plugin" ? fromPlugin : fromSigner)(form, errand);
    form.elements.nonce.value = errand.nonce;
    form.elements.cms.value = cms;
    form.submit();
  } catch (error) {
    const code = error instanceof Said ? error.message.replaceAll("_", "-") : "unknown";
    said.hidden = true;
    failed.textContent = form.getAttribute(`data-said-${code}`) || form.getAttribute("data-said-unknown");
    failed.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

for (const form of document.querySelectorAll("form.carrier")) {
  form.querySelector(".go").addEventListener("click", () => carry(form));
  form.addEventListener("submit", (event) => { event.preventDefault(); carry(form); });
  // A decision was made by the press that led here: it needs no second one.
  if (form.dataset.purpose === "decide") carry(form);
}
