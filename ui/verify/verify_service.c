/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_service.c - NAMESPACE/NAME of --service: its form, and what was probably
   meant when the state has no such Service. */
#include "ui/verify/verify_int.h"

#include <stdio.h>
#include <string.h>

#include "ui/cli/complain.h"
#include "ui/cli/suggest.h"

bool
verify_service_form(const char *wanted, const char **name)
{
	const char *slash = strchr(wanted, '/');

	if (slash == NULL || slash == wanted || slash[1] == '\0' ||
	    strchr(slash + 1, '/') != NULL) {
		complain("--service '%s': expected NAMESPACE/NAME, such as default/web",
		    wanted);
		return false;
	}
	*name = slash + 1;
	return true;
}

/* The nearest name; or the same name in another namespace, which is as near. */
static bool
find_near(const char *wanted, const struct state *s, char best[static PRESENT_NAME_MAX])
{
	struct suggest g = { .word = wanted };
	const char *name = strchr(wanted, '/') + 1;
	char tried[PRESENT_NAME_MAX];
	uint32_t i;

	for (i = 0; i < s->services.n; i++) {
		snprintf(tried, sizeof(tried), "%s/%s", s->services.v[i].ns,
		    s->services.v[i].name);
		suggest_try(&g, tried);
		if (g.best == tried) {
			memcpy(best, tried, sizeof(tried));
			g.best = best;
		}
	}
	if (suggest_best(&g) != NULL)
		return true;
	for (i = 0; i < s->services.n; i++)
		if (strcmp(s->services.v[i].name, name) == 0) {
			snprintf(best, PRESENT_NAME_MAX, "%s/%s", s->services.v[i].ns,
			    name);
			return true;
		}
	return false;
}

void
verify_service_unknown(const char *wanted, const struct state *s)
{
	char best[PRESENT_NAME_MAX];

	if (find_near(wanted, s, best))
		complain("--service '%s': the state has no such Service (did you mean "
		    "'%s'?)", wanted, best);
	else
		complain("--service '%s': the state has no such Service", wanted);
}
