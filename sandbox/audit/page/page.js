"use strict";
(function () {
	var byId = function (id) { return document.getElementById(id); };
	var all = function (selector, from) {
		return Array.prototype.slice.call((from || document).querySelectorAll(selector));
	};
	var totals = JSON.parse(byId("totals").textContent);
	var denials = totals.denied + totals.killed + totals.would_deny;
	var rows = all("tr[data-n]");
	rows.forEach(function (row) { row.search = row.textContent.toLowerCase(); });

	function wanted(node, text, ask) {
		var data = node.dataset;
		return (!ask.text || text.indexOf(ask.text) !== -1) &&
			(!ask.layer || !data.l || data.l === ask.layer) &&
			(!ask.verdict || !data.v || data.v.split(" ").indexOf(ask.verdict) !== -1) &&
			(!ask.sandbox || !data.s || data.s === ask.sandbox);
	}

	/* A branch stays if it or anything below it is wanted. */
	function prune(item, ask, active) {
		var label = item.querySelector(".name");
		var own = wanted(item, label.textContent.toLowerCase(), ask);
		var below = false;
		var list = item.querySelector("ul");
		if (list) {
			Array.prototype.forEach.call(list.children, function (child) {
				if (prune(child, ask, active)) { below = true; }
			});
			if (active && below) { item.querySelector("details").open = true; }
		}
		item.hidden = !(own || below);
		return own || below;
	}

	function apply() {
		var ask = {
			text: byId("f-text").value.toLowerCase(), layer: byId("f-layer").value,
			verdict: byId("f-verdict").value, sandbox: byId("f-sandbox").value
		};
		var shown = 0, count = 0, total = 0;
		rows.forEach(function (row) {
			row.hidden = !wanted(row, row.search, ask);
			if (row.parentNode.parentNode.id !== "t-denials") { return; }
			total += 1;
			if (!row.hidden) { shown += 1; count += Number(row.dataset.n); }
		});
		var active = ask.text || ask.layer || ask.verdict || ask.sandbox;
		flame.find(ask.text);
		all("ul.tree > li").forEach(function (item) { prune(item, ask, active); });
		all("[data-series]").forEach(function (node) {
			node.classList.toggle("off", Boolean(ask.layer) && node.dataset.series !== ask.layer);
		});
		byId("f-status").textContent = shown + " of " + total + " rows, " + count + " of " + denials + " denials";
	}

	/* Frames of the flame graph: walked by arrow keys, made as wide as the page. */
	var flame = (function (svg) {
		var frames = svg ? all(".frame", svg) : [], status = byId("flame-status"), byName = {};
		frames.forEach(function (frame) {
			var title = frame.querySelector("title").textContent;
			frame.name = title.slice(0, title.lastIndexOf(": "));
			frame.below = [];
			frame.left = Number(frame.dataset.x);
			frame.wide = Number(frame.dataset.w);
			frame.up = byName[frame.dataset.up] || null;
			if (frame.up) { frame.up.below.push(frame); }
			byName[frame.id] = frame;
		});
		function place(frame, x, width) {
			var rect = frame.querySelector("rect"), label = frame.querySelector("text");
			var room = Math.floor(width / 6.8);
			if (!label) {
				label = document.createElementNS(svg.namespaceURI, "text");
				label.setAttribute("y", Number(rect.getAttribute("y")) + 13);
				frame.appendChild(label);
			}
			rect.setAttribute("x", x.toFixed(2));
			rect.setAttribute("width", width.toFixed(2));
			label.setAttribute("x", (x + 3).toFixed(2));
			label.textContent = room > 3 ? frame.name.slice(0, room) : "";
		}
		function widen(to) {
			var wide = svg.viewBox.baseVal.width, kept = {}, up;
			for (up = to && to.up; up; up = up.up) { kept[up.id] = true; }
			frames.forEach(function (frame) {
				frame.inside = !to || frame === to || Boolean(frame.up && frame.up.inside);
				frame.classList.toggle("off", !frame.inside && !kept[frame.id]);
				if (kept[frame.id]) { place(frame, 0, wide); } else if (frame.inside) {
					place(frame, to ? (frame.left - to.left) / to.wide * wide : frame.left,
						to ? frame.wide / to.wide * wide : frame.wide);
				}
			});
			status.textContent = to ? to.querySelector("title").textContent : "";
		}
		function go(from, to) {
			if (!to || to.classList.contains("off")) { return; }
			from.setAttribute("tabindex", "-1");
			to.setAttribute("tabindex", "0");
			to.focus();
		}
		function beside(frame, step) {
			var row = frame.up ? frame.up.below : frames.filter(function (other) { return !other.up; });
			return row[row.indexOf(frame) + step];
		}
		frames.forEach(function (frame) {
			frame.addEventListener("click", function () { widen(frame); });
			frame.addEventListener("keydown", function (event) {
				var to = { ArrowUp: frame.up, ArrowDown: frame.below[0], ArrowLeft: beside(frame, -1),
					ArrowRight: beside(frame, 1) };
				if (event.key === "Enter" || event.key === " ") { widen(frame); } else if (event.key === "Escape") {
					widen(null);
				} else if (event.key in to) { go(frame, to[event.key]); } else { return; }
				event.preventDefault();
			});
		});
		return {
			open: function (number) { if (byName["frame-" + number]) { widen(byName["frame-" + number]); } },
			all: function () { if (svg) { widen(null); } },
			find: function (text) {
				frames.forEach(function (frame) {
					frame.classList.toggle("found", Boolean(text) && frame.name.toLowerCase().indexOf(text) !== -1);
				});
			}
		};
	}(byId("flame")));

	function copy(button) {
		var code = button.parentNode.querySelector("code");
		var done = function () {
			button.textContent = "Copied";
			setTimeout(function () { button.textContent = "Copy"; }, 1500);
		};
		var select = function () {
			var range = document.createRange();
			range.selectNodeContents(code);
			window.getSelection().removeAllRanges();
			window.getSelection().addRange(range);
			if (document.execCommand("copy")) { done(); }
		};
		if (navigator.clipboard) {
			navigator.clipboard.writeText(code.textContent).then(done, select);
		} else {
			select();
		}
	}

	all(".live").forEach(function (node) { node.hidden = false; });
	all("button.copy").forEach(function (button) {
		button.hidden = false;
		button.addEventListener("click", function () { copy(button); });
	});
	byId("filter").addEventListener("input", apply);
	byId("filter").addEventListener("submit", function (event) { event.preventDefault(); });
	byId("filter").addEventListener("reset", function () { setTimeout(apply, 0); });
	byId("theme").addEventListener("click", function () {
		var root = document.documentElement;
		var dark = root.dataset.theme ? root.dataset.theme === "dark" :
			window.matchMedia("(prefers-color-scheme: dark)").matches;
		root.dataset.theme = dark ? "light" : "dark";
	});
	window.addEventListener("beforeprint", function () {
		all("details").forEach(function (node) { node.open = true; });
		flame.all();
	});
	/* "#text=shadow&layer=files" in the address opens a filtered page, "#frame=3" a widened frame. */
	window.location.hash.slice(1).split("&").forEach(function (part) {
		var at = part.indexOf("="), field = byId("f-" + part.slice(0, at));
		if (part.slice(0, at) === "frame") { flame.open(part.slice(at + 1)); }
		if (at < 1 || !field || !("value" in field)) { return; }
		try { field.value = decodeURIComponent(part.slice(at + 1)); } catch (ignored) { field.value = ""; }
	});
	apply();
}());
