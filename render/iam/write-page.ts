import { writeFileSync } from "node:fs";
import { PAGE, statementsPage } from "./page";

/** `node bin/render/iam/write-page.js`: makes the page of the statements anew. */
writeFileSync(PAGE, statementsPage());
process.stdout.write(`wrote ${PAGE}\n`);
