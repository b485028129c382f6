// Builds ../static from this folder: `npm ci && npm run build`. The same lock file gives the same bytes.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "static");

// The fonts would add 300 KB and licences of their own; the system's do as well.
const withoutFonts = {
  name: "without-fonts",
  setup(bundle) {
    bundle.onLoad({ filter: /\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/@font-face\s*{[^}]*}/g, ""),
      loader: "css",
    }));
  },
};

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["explorer.js"],
  outfile: join(target, "explorer.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
  plugins: [withoutFonts],
});

// Some packages name their licence and leave its text out.
function standard(name, license) {
  if (license !== "MIT") throw new Error(`${name} has no licence text, and ${license} isn't known here`);
  return `Copyright (c) the contributors of ${name}\n\n${readFileSync(join(here, "MIT.txt"), "utf8").trim()}`;
}

const packages = new Set(
  Object.keys(metafile.inputs)
    .map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter(Boolean),
);

const licences = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
  const file = readdirSync(join(here, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(here, folder, file), "utf8").trim() : standard(name, license);
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(
  join(target, "LICENSES.txt"),
  `explorer.js and explorer.css contain these packages.\n\n${licences.join(`\n${"-".repeat(80)}\n\n`)}`,
);

// Tests hold this against the sources, so that nobody changes them and forgets to build.
const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
const sources = ["MIT.txt", "build.mjs", "examples.js", "explorer.js", "package-lock.json", "package.json"];
const built = ["explorer.css", "explorer.js"];
writeFileSync(
  join(target, "build.json"),
  `${JSON.stringify(
    {
      sources: Object.fromEntries(sources.map((name) => [name, sha256(join(here, name))])),
      built: Object.fromEntries(built.map((name) => [name, sha256(join(target, name))])),
    },
    null,
    2,
  )}\n`,
);

if (!existsSync(join(target, "index.html"))) throw new Error("static/index.html is missing");
rmSync(join(here, "node_modules", ".cache"), { recursive: true, force: true });
