/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift.c - what on this node is not as the CNI leaves it: all checks in order,
 * and the record that they fill.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode/contract/contract_int.h"

void
drift_text(struct drift *d, const char *code, const char *text, ...)
{
	va_list ap;

	d->code = code;
	va_start(ap, text);
	vsnprintf(d->text, sizeof(d->text), text, ap);
	va_end(ap);
}

void
drift_fix(struct drift *d, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	vsnprintf(d->fix, sizeof(d->fix), text, ap);
	va_end(ap);
}

/* A pod without a name counts too. */
void
drift_pod(struct drift *d, const struct place *p)
{
	const unsigned room = sizeof(d->pods) / sizeof(d->pods[0]);
	unsigned named = 0;

	while (named < room && d->pods[named] != NULL)
		named++;
	if (named < room && p->pod != NULL)
		d->pods[named] = p->pod;
	d->n_pods++;
}

void
drift_give(struct drifts *ds, const struct drift *d)
{
	if (!ds->stop)
		ds->stop = !ds->cb(ds->arg, d);
}

void
contract_drift(const struct contract *c, bool (*cb)(void *, const struct drift *),
    void *arg)
{
	struct drifts ds = { .c = c, .cb = cb, .arg = arg };
	static void (*const checks[])(struct drifts *) = {
		drift_pods, drift_tables, drift_nat, drift_host,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !ds.stop; i++)
		checks[i](&ds);
}
