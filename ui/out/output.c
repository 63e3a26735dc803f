/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - the table of outputs; a new one is its own file and a row here. */
#include "ui/out/output.h"

const struct output *
output_get(unsigned i)
{
	static const struct output *const outputs[] = {
		&output_text, &output_json, &output_csv,
	};

	return i < sizeof(outputs) / sizeof(outputs[0]) ? outputs[i] : NULL;
}

const char *
flow_event_name(unsigned event)
{
	static const char *const names[N_FLOW_EVENTS] = {
		[EVENT_NEW] = "new", [EVENT_CHANGE] = "change",
		[EVENT_END] = "end",
	};

	return event < N_FLOW_EVENTS ? names[event] : "";
}
