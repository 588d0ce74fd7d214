import { describeBackend } from "./contract.ts";
import { modelEngine } from "./model.ts";

describeBackend("a naive model in memory", modelEngine);
