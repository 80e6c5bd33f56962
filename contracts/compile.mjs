// Compile AnchorRegistry.sol to schemas/contracts/AnchorRegistry.json; with --check, only compare the two;
// with --stdout, print the artifact. The same source gives the same bytes on every machine.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sha3 from "js-sha3";
import solc from "solc";

const NAME = "AnchorRegistry";
const HERE = dirname(fileURLToPath(import.meta.url));
const ARTIFACT = join(HERE, "..", "schemas", "contracts", `${NAME}.json`);

// `paris` has neither PUSH0 nor MCOPY, so that the code also runs on private chains with an old genesis.
// By way of the intermediate representation an anchor costs 1,300 gas less. Without metadata the code holds no hash of
// comments and no path.
const SETTINGS = {
  optimizer: { enabled: true, runs: 10000 },
  viaIR: true,
  evmVersion: "paris",
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

function compile(source) {
  const input = {
    language: "Solidity",
    sources: { [`${NAME}.sol`]: { content: source } },
    settings: {
      ...SETTINGS,
      outputSelection: {
        "*": {
          "": ["ast"],
          "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode", "evm.methodIdentifiers", "storageLayout"],
        },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  for (const problem of output.errors ?? []) {
    throw new Error(problem.formattedMessage); // a warning too
  }
  return output;
}

// Names to 4-byte selectors (functions, errors) and 32-byte topics (events), as the compiler worked them out.
function selectorsOf(output) {
  const contract = output.sources[`${NAME}.sol`].ast.nodes.find((node) => node.name === NAME);
  const named = (type, key) =>
    Object.fromEntries(
      contract.nodes.filter((node) => node.nodeType === type).map((node) => [node.name, `0x${node[key]}`]),
    );
  const functions = output.contracts[`${NAME}.sol`][NAME].evm.methodIdentifiers;
  return {
    errors: named("ErrorDefinition", "errorSelector"),
    events: named("EventDefinition", "eventSelector"),
    functions: Object.fromEntries(Object.entries(functions).map(([signature, hash]) => [signature, `0x${hash}`])),
  };
}

// Label, slot, offset and size of every variable and struct member; the compiler's own numbers of nodes are left out.
function layoutOf({ storage, types }) {
  const member = ({ label, slot, offset, type }) => ({
    label,
    slot: Number(slot),
    offset,
    bytes: Number(types[type].numberOfBytes),
    type: types[type].label,
  });
  const structs = Object.values(types).filter((type) => type.members);
  return {
    variables: storage.map(member),
    structs: Object.fromEntries(structs.map((type) => [type.label, type.members.map(member)])),
  };
}

function artifactOf(source) {
  const output = compile(source);
  const { abi, evm, storageLayout } = output.contracts[`${NAME}.sol`][NAME];
  if (Object.keys(evm.deployedBytecode.immutableReferences ?? {}).length) {
    throw new Error("the runtime code has immutables: it would differ from one deployment to the next");
  }
  const runtime = Buffer.from(evm.deployedBytecode.object, "hex");
  return {
    contractName: NAME,
    solcVersion: solc.version(),
    settings: SETTINGS,
    sourceSha256: createHash("sha256").update(source).digest("hex"),
    runtimeCodeHash: `0x${sha3.keccak256(runtime)}`,
    selectors: selectorsOf(output),
    storageLayout: layoutOf(storageLayout),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
  };
}

const source = readFileSync(join(HERE, `${NAME}.sol`), "utf8");
const artifact = `${JSON.stringify(artifactOf(source), null, 2)}\n`;
if (process.argv.includes("--stdout")) {
  process.stdout.write(artifact);
} else if (process.argv.includes("--check")) {
  if (!existsSync(ARTIFACT) || readFileSync(ARTIFACT, "utf8") !== artifact) {
    console.error(`${ARTIFACT} is not what ${NAME}.sol compiles to; run: npm run build`);
    process.exit(1);
  }
} else {
  mkdirSync(dirname(ARTIFACT), { recursive: true });
  writeFileSync(ARTIFACT, artifact);
}
