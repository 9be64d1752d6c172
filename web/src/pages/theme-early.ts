// Loaded in the head of every page: no page shows itself in the wrong colours first.
import { applyTheme } from "./theme.ts";

applyTheme();
