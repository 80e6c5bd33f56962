// The worker for @pathcheck/dcc-sdk: answers one JSON line for each JSON line, as worker.py describes.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
// The package's own entry loads this very file through `esm`, which cannot parse what Node 20 runs.
import { addCachedCerts, makeCWT, signAndPack, unpackAndVerify } from "@pathcheck/dcc-sdk/lib/main.js";
import { version } from "@pathcheck/dcc-sdk/package.json";

const EXP = 4; // CWT claims (RFC 8392 §4)
const IAT = 6;
const HCERT = -260; // hcert-spec §3.3.1

const corpus = JSON.parse(readFileSync(process.argv[2], "utf8"));

async function issue(payload) {
  const claims = await makeCWT(payload, undefined, corpus.country);
  claims.set(IAT, corpus.at).set(EXP, corpus.expires_at); // makeCWT's own are of this moment, rounded up
  return signAndPack(claims, corpus.certificate_pem, corpus.key_pem);
}

async function verify(text) {
  const answer = await unpackAndVerify(text);
  if (answer.status !== "verified") throw new Error(answer.status);
  if (answer.contents.get(EXP) < Date.now() / 1000) throw new Error("expired"); // the SDK leaves exp to its caller
  return answer.contents.get(HCERT).get(1);
}

async function read(text) {
  try {
    return { payload: await verify(text) };
  } catch (error) {
    return { refused: String(error.message) };
  }
}

async function cpuNsPerOp(operation, inputs, passes) {
  const figures = [];
  for (let pass = 0; pass < passes; pass += 1) {
    const began = process.cpuUsage();
    for (const input of inputs) await operation(input);
    const spent = process.cpuUsage(began); // microseconds of every thread: WebCrypto signs on the pool's
    figures.push(((spent.user + spent.system) * 1000) / inputs.length);
  }
  return figures;
}

async function answerTo(request) {
  switch (request.op) {
    case "make": {
      const texts = [];
      for (const payload of corpus.payloads) texts.push(await issue(payload));
      return { texts };
    }
    case "read": {
      const readings = [];
      for (const text of request.texts) readings.push(await read(text));
      return { readings };
    }
    case "issue":
      return { cpu_ns_per_op: await cpuNsPerOp(issue, corpus.payloads, request.passes) };
    case "verify":
      return { cpu_ns_per_op: await cpuNsPerOp(verify, corpus.texts, request.passes) };
    default:
      throw new Error(`unknown op ${request.op}`);
  }
}

function send(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function main() {
  console.log = console.warn = console.error; // standard output is the protocol's; the SDK logs there
  const der = corpus.certificate_pem.replace(/-----[A-Z ]+-----|\s/g, "");
  addCachedCerts({ [corpus.kid]: der }); // a known kid, so the SDK fetches no registry
  send({ versions: { "@pathcheck/dcc-sdk": version, node: process.version } });
  for await (const line of createInterface({ input: process.stdin })) send(await answerTo(JSON.parse(line)));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
