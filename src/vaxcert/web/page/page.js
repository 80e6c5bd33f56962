"use strict";
// Scans, uploads or takes a text, asks the API of this server, and shows the verdict. Nothing is stored or sent elsewhere.

const WORDS = {
  vi: {
    brand: "Chứng nhận tiêm chủng", page: "Kiểm tra chứng nhận tiêm chủng", title: "Kiểm tra chứng nhận",
    lead: "Quét mã QR trên giấy hoặc trên điện thoại của người được tiêm.", scan: "Quét bằng máy ảnh",
    upload: "Chọn ảnh hoặc PDF", kinds: "PNG, JPEG, WebP, TIFF hoặc PDF", paste: "Hoặc dán nội dung mã", check: "Kiểm tra",
    busy: "Đang kiểm tra…", stop: "Tắt máy ảnh", looking: "Đưa mã QR vào trong khung.", again: "Kiểm tra người tiếp theo",
    clear: "Xóa ngay", identity: "Đối chiếu họ tên và ngày sinh với giấy tờ tùy thân.",
    kept: "Không lưu lại gì: ảnh và nội dung chỉ dùng để trả lời.", api: "API cho hệ thống khác",
    valid: "HỢP LỆ", rejected: "KHÔNG HỢP LỆ", undetermined: "CHƯA XÁC ĐỊNH", none: "KHÔNG PHẢI CHỨNG NHẬN",
    holds: "Chữ ký đúng và còn hiệu lực.", expired: "Hết hiệu lực từ {date}.", not_yet_valid: "Chỉ có hiệu lực từ {date}.", born: "Sinh {date}", dose: "Mũi {n}/{of}", vaccination: "Tiêm chủng",
    test: "Xét nghiệm", recovery: "Khỏi bệnh", signer: "Bên ký", until: "Hiệu lực đến hết", id: "Mã chứng nhận", code: "Mã lý do",
    country: "Nơi tiêm", unknown: "không rõ", empty: "Hãy dán nội dung mã, bắt đầu bằng HC1:",
    camera: "Không mở được máy ảnh. Cho phép dùng máy ảnh trong trình duyệt, hoặc chọn một ảnh.",
    away: "Không kết nối được với máy chủ. Hãy thử lại.", full: "Máy chủ đang bận. Hãy thử lại sau vài giây.",
    large: "Tệp quá lớn. Hãy chụp gần hơn hoặc cắt lấy phần mã QR.", failed: "Máy chủ không trả lời được: {why}",
  },
  en: {
    brand: "Vaccination certificates", page: "Check a vaccination certificate", title: "Check a certificate",
    lead: "Scan the QR code on the holder's paper or phone.", scan: "Scan with the camera",
    upload: "Choose a picture or PDF", kinds: "PNG, JPEG, WebP, TIFF or PDF", paste: "Or paste what the code holds", check: "Check",
    busy: "Checking…", stop: "Turn the camera off", looking: "Hold the QR code inside the frame.", again: "Check the next one",
    clear: "Clear now", identity: "Compare name and birth date with an identity document.",
    kept: "Nothing is kept: pictures and texts are used to answer, and for nothing else.", api: "API for other systems",
    valid: "VALID", rejected: "NOT VALID", undetermined: "UNDETERMINED", none: "NOT A CERTIFICATE",
    holds: "The signature is right, and it is in force.", expired: "Expired on {date}.", not_yet_valid: "In force only from {date}.", born: "Born {date}", dose: "Dose {n}/{of}", vaccination: "Vaccination",
    test: "Test", recovery: "Recovery", signer: "Signed by", until: "Valid through", id: "Certificate", code: "Reason code",
    country: "Given in", unknown: "unknown", empty: "Paste what the code holds; it begins with HC1:",
    camera: "The camera cannot be opened. Allow it in the browser, or choose a picture.",
    away: "The server cannot be reached. Please try again.", full: "The server is busy. Please try again in some seconds.",
    large: "The file is too large. Take the picture closer, or cut out the code.", failed: "The server cannot answer: {why}",
  },
};
const API = "/api/v1";
const NO_CERTIFICATE = new Set(["unknown_prefix", "no_qr_code", "unreadable_image", "image_too_large", "pdf_too_large"]);
const CLEARED_AFTER = 60; // seconds: whoever comes next must not read it
const LONGEST_SIDE = 2400; // pixels: a larger picture is made smaller before it is sent
const FRAME_WIDTH = 1280;
const FRAME_EVERY = 400; // milliseconds between two looks through the camera
const SENT_AS_IS = ["image/png", "image/jpeg", "image/webp", "application/pdf"];

const at = (id) => document.getElementById(id);
let lang = "vi";
let shown = null; // the verdict on the screen, to be said again in the other language
let stream = null;
let timer = 0;
let turn = 0; // counts questions: an answer to an older one is not shown

const say = (key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), WORDS[lang][key]);

function speak(language) {
  lang = language;
  document.documentElement.lang = lang;
  document.title = say("page");
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const button of document.querySelectorAll("[data-lang]"))
    button.setAttribute("aria-pressed", String(button.dataset.lang === lang));
  try { localStorage.setItem("lang", lang); } catch { /* a browser that keeps nothing */ }
}

function day(text) {
  const found = /^(\d{4})-(\d{2})-(\d{2})/.exec(text || "");
  return found ? `${found[3]}/${found[2]}/${found[1]}` : text || say("unknown");
}

function moment(text) {
  const date = new Date(text);
  return new Intl.DateTimeFormat(lang === "vi" ? "vi-VN" : "en-GB", { dateStyle: "medium", timeStyle: "short" }).format(date);
}

// --- asking ------------------------------------------------------------------------------------------------------

class Refused extends Error {
  constructor(key, values) { super(key); this.key = key; this.values = values; }
}

async function ask(path, type, body) {
  let answer;
  try {
    answer = await fetch(API + path, { method: "POST", body, headers: { "Content-Type": type, "Accept-Language": lang } });
  } catch { throw new Refused("away"); }
  if (answer.ok) return answer.json();
  if (answer.status === 503 || answer.status === 429) {
    const refusal = new Refused("full");
    refusal.wait = Number(answer.headers.get("Retry-After") || 1);
    throw refusal;
  }
  if (answer.status === 413) throw new Refused("large");
  let why = String(answer.status);
  try { why = (await answer.json()).detail || why; } catch { /* no problem document */ }
  throw new Refused("failed", { why });
}

const askText = (text) => ask("/verifications", "application/json", JSON.stringify({ text: text.trimStart().replace(/[\r\n]+$/, "") }));

async function shrunk(file) {
  if (file.type === "application/pdf") return file;
  let picture;
  try { picture = await createImageBitmap(file); } catch { return file; } // the server says what is wrong with it
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  if (scale === 1 && SENT_AS_IS.includes(file.type)) return file;
  return drawn(picture, picture.width * scale, picture.height * scale, "image/png");
}

function drawn(source, width, height, type) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, type, 0.9));
}

async function check(question) {
  const mine = ++turn;
  tell(null);
  at("busy").hidden = false;
  try {
    const verdict = await question();
    if (mine === turn) show(verdict);
  } catch (refusal) {
    if (mine === turn) tell(refusal);
  } finally {
    if (mine === turn) at("busy").hidden = true;
  }
}

const checkFile = (file) => check(async () => {
  const picture = await shrunk(file);
  const { verdicts } = await ask("/scans", picture.type || "application/octet-stream", picture);
  return verdicts.find((each) => each.outcome !== "valid") || verdicts[0];
});

function tell(refusal) {
  const place = at("problem");
  place.hidden = !refusal;
  place.textContent = refusal ? (refusal.key ? say(refusal.key, refusal.values) : String(refusal)) : "";
}

// --- the camera --------------------------------------------------------------------------------------------------

async function startCamera() {
  tell(null);
  clear();
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } }, audio: false,
    });
  } catch { tell(new Refused("camera")); return; }
  const video = at("video");
  video.srcObject = stream;
  at("camera").hidden = false;
  at("scan").hidden = true;
  at("stop").focus();
  await video.play();
  look(await detector(), stream);
}

async function detector() {
  if (!("BarcodeDetector" in window)) return null;
  const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
  return formats.includes("qr_code") ? new window.BarcodeDetector({ formats: ["qr_code"] }) : null;
}

async function look(reader, mine) {
  let wait = FRAME_EVERY;
  if (stream !== mine) return;
  try {
    const verdict = reader ? await seenHere(reader) : await seenThere();
    if (stream !== mine) return;
    if (verdict) { stopCamera(); turn++; show(verdict); return; }
  } catch (refusal) {
    if (stream !== mine) return;
    wait = 1000 * (refusal.wait || 2);
    if (refusal.key !== "full") tell(refusal);
  }
  setTimeout(() => look(reader, mine), wait);
}

async function seenHere(reader) {
  const codes = await reader.detect(at("video"));
  return codes.length ? askText(codes[0].rawValue) : null;
}

async function seenThere() {
  const video = at("video");
  if (!video.videoWidth) return null;
  const scale = Math.min(1, FRAME_WIDTH / video.videoWidth);
  const frame = await drawn(video, video.videoWidth * scale, video.videoHeight * scale, "image/jpeg");
  const { verdicts } = await ask("/scans/frames", "image/jpeg", frame);
  return verdicts.find((each) => each.code !== "no_qr_code") || null;
}

function stopCamera() {
  for (const track of stream ? stream.getTracks() : []) track.stop();
  stream = null;
  at("video").srcObject = null;
  at("camera").hidden = true;
  at("scan").hidden = false;
}

// --- the verdict -------------------------------------------------------------------------------------------------

function show(verdict) {
  shown = verdict;
  const outcome = NO_CERTIFICATE.has(verdict.code) ? "none" : verdict.outcome;
  const valid = outcome === "valid";
  const panel = at("verdict");
  panel.dataset.outcome = outcome;
  panel.dataset.code = verdict.code || "";
  at("word").textContent = say(outcome);
  const reason = reasonOf(verdict);
  at("reason").textContent = reason;
  at("hint").textContent = sentence(verdict.hint || "");
  at("hint").hidden = !verdict.hint || valid;
  // What a certificate says is shown only where it may be believed.
  showHolder(valid ? verdict.certificate : null);
  at("events").replaceChildren(...(valid ? events(verdict.certificate) : []));
  at("facts").replaceChildren(...facts(verdict, valid));
  at("warnings").replaceChildren(...verdict.warnings.map((each) => made("li", sentence(each.message))));
  panel.hidden = false;
  at("ask").hidden = true;
  panel.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  at("announce").textContent = `${say(outcome)}. ${reason}`;
  if (navigator.vibrate) navigator.vibrate(valid ? 80 : [120, 80, 120]);
  count(CLEARED_AFTER);
}

function reasonOf(verdict) {
  if (verdict.outcome === "valid") return say("holds");
  if (verdict.code === "expired") return say("expired", { date: moment(verdict.expires_at) });
  if (verdict.code === "not_yet_valid") return say("not_yet_valid", { date: moment(verdict.issued_at) });
  return sentence(verdict.message);
}

const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") : "");

function showHolder(certificate) {
  at("holder").hidden = !certificate;
  const holder = certificate ? certificate.holder : {};
  const family = holder.family_name || holder.family_name_standardised || "";
  const given = holder.given_name || holder.given_name_standardised || "";
  at("name").textContent = certificate ? `${family} ${given}`.trim() : "";
  at("born").textContent = certificate ? say("born", { date: day(holder.birth_date) }) : "";
}

function events(certificate) {
  const rows = certificate.doses.map((dose) => event(
    "vaccination", named(dose.product), `${day(dose.date)} · ${dose.country}`, say("dose", { n: dose.dose_number, of: dose.total_doses }),
  ));
  for (const test of certificate.tests) rows.push(event("test", named(test.test_type), `${moment(test.sampled_at)} · ${test.country}`, named(test.result)));
  for (const one of certificate.recoveries) rows.push(event("recovery", `${day(one.valid_from)} – ${day(one.valid_until)}`, one.country, ""));
  return rows;
}

const named = (coded) => (coded ? coded.display || coded.code : say("unknown"));

function event(kind, what, when, number) {
  const row = document.createElement("li");
  const told = document.createElement("div");
  told.append(made("p", say(kind), "kind"), made("p", what), made("p", when, "kind"));
  row.append(told, made("p", number, "dose"));
  return row;
}

function facts(verdict, valid) {
  const rows = [];
  const add = (key, value, style) => { if (value) rows.push(made("dt", say(key)), made("dd", value, style)); };
  const signer = verdict.signer;
  if (signer) add("signer", [signer.country, signer.subject].filter(Boolean).join(" · ") || `${say("unknown")} (${signer.kid})`);
  if (valid && verdict.expires_at) add("until", moment(verdict.expires_at));
  if (valid && verdict.certificate) add("id", verdict.certificate.id, "code");
  if (!valid) add("code", verdict.code, "code");
  return rows;
}

function made(tag, text, style) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (style) element.className = style;
  return element;
}

function count(left) {
  clearTimeout(timer);
  at("countdown").textContent = `(${left})`;
  if (left === 0) { clear(); return; }
  timer = setTimeout(() => count(left - 1), 1000);
}

function clear() {
  clearTimeout(timer);
  turn++;
  shown = null;
  at("busy").hidden = true;
  at("verdict").hidden = true;
  at("ask").hidden = false;
  at("text").value = "";
  at("file").value = "";
  at("announce").textContent = "";
  for (const id of ["word", "reason", "hint", "name", "born"]) at(id).textContent = "";
  for (const id of ["events", "facts", "warnings"]) at(id).replaceChildren();
}

// --- what a person does ------------------------------------------------------------------------------------------

let cameraWasUsed = false;
at("scan").addEventListener("click", () => { cameraWasUsed = true; startCamera(); });
at("stop").addEventListener("click", () => { stopCamera(); at("scan").focus(); });
at("clear").addEventListener("click", () => { clear(); at("scan").focus(); });
at("again").addEventListener("click", () => { clear(); if (cameraWasUsed) startCamera(); else at("scan").focus(); });
at("file").addEventListener("change", (happened) => {
  const [file] = happened.target.files;
  if (file) { stopCamera(); cameraWasUsed = false; checkFile(file); }
});
at("typed").addEventListener("submit", (happened) => {
  happened.preventDefault();
  const text = at("text").value;
  if (!text.trim()) { tell(new Refused("empty")); at("text").focus(); return; }
  stopCamera();
  cameraWasUsed = false;
  check(() => askText(text));
});
at("drop").addEventListener("dragover", (happened) => { happened.preventDefault(); at("drop").classList.add("over"); });
at("drop").addEventListener("dragleave", () => at("drop").classList.remove("over"));
at("drop").addEventListener("drop", (happened) => {
  happened.preventDefault();
  at("drop").classList.remove("over");
  const [file] = happened.dataTransfer.files;
  if (file) checkFile(file);
});
document.addEventListener("paste", (happened) => {
  const [file] = happened.clipboardData.files;
  if (file) checkFile(file);
});
document.addEventListener("visibilitychange", () => { if (document.hidden && stream) stopCamera(); });
for (const button of document.querySelectorAll("[data-lang]"))
  button.addEventListener("click", () => { const verdict = shown; speak(button.dataset.lang); if (verdict) show(verdict); });

let first = navigator.language.toLowerCase().startsWith("vi") ? "vi" : "en";
try { first = localStorage.getItem("lang") || first; } catch { /* a browser that keeps nothing */ }
speak(first === "en" ? "en" : "vi");
