/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/verify/verify_int.h"

const struct check_whole check_shares = { 0 };
