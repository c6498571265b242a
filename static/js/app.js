// Every behaviour of the pages. Each finds its elements by data- attributes and knows no page.
import "./ago.js";
import "./auto-submit.js";
import "./bulk.js";
import "./copy.js";
import "./counter.js";
import "./dialog.js";
import "./errors.js";
import "./file-drop.js";
import "./menu.js";
import "./offline.js";
import "./password.js";
import "./submit-once.js";
import "./theme.js";
import "./toasts.js";
import "./tooltip.js";
import "./unsaved.js";
