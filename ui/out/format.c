/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.c - numbers, addresses and times as text, without printf.
 * Times: RFC 3339; the proleptic Gregorian calendar, no leap seconds.
 */
#include "ui/out/format.h"

#include <string.h>

#define SEC_PER_DAY	86400

static const char two_digits[] =
    "00010203040506070809" "10111213141516171819" "20212223242526272829"
    "30313233343536373839" "40414243444546474849" "50515253545556575859"
    "60616263646566676869" "70717273747576777879" "80818283848586878889"
    "90919293949596979899";

static inline void
put2(char *out, unsigned v)
{
	memcpy(out, two_digits + 2 * v, 2);
}

/* Digits of a number, from its bits: the length of what is written next is not
   to be predicted, so that a loop which finds it out costs a wrong guess. */
static inline size_t
digits_of(uint64_t v)
{
	static const uint64_t tens[] = {
		0, UINT64_C(10), UINT64_C(100), UINT64_C(1000), UINT64_C(10000),
		UINT64_C(100000), UINT64_C(1000000), UINT64_C(10000000),
		UINT64_C(100000000), UINT64_C(1000000000),
		UINT64_C(10000000000), UINT64_C(100000000000),
		UINT64_C(1000000000000), UINT64_C(10000000000000),
		UINT64_C(100000000000000), UINT64_C(1000000000000000),
		UINT64_C(10000000000000000), UINT64_C(100000000000000000),
		UINT64_C(1000000000000000000), UINT64_C(10000000000000000000),
	};
	unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1);
	unsigned n = bits * 1233 >> 12;		/* times log10(2), rounded down */

	return n + (v >= tens[n]);
}

/* v < 10000 in four digits, or its last n > 0 ones: without a branch, in a store
   of four bytes. */
static inline void
put_up_to4(char *out, unsigned v, size_t n)
{
	uint16_t high, low;
	uint32_t w;

	memcpy(&high, two_digits + 2 * (v / 100), 2);
	memcpy(&low, two_digits + 2 * (v % 100), 2);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	w = ((uint32_t)low << 16 | high) >> 8 * (4 - n);
#else
	w = ((uint32_t)high << 16 | low) << 8 * (4 - n);
#endif
	memcpy(out, &w, 4);
}

size_t
format_u64(char out[static FORMAT_U64_MAX], uint64_t v)
{
	size_t n = digits_of(v);
	uint32_t rest;

	if (v < 10000) {
		put_up_to4(out, (unsigned)v, n);
		return n;
	}
	/* From the front: what put_up_to4() writes beyond is written over. */
	rest = (uint32_t)(v % 100000000);
	if (v < 100000000)
		put_up_to4(out, rest / 10000, n - 4);
	else {
		format_u64(out, v / 100000000);
		put_up_to4(out + n - 8, rest / 10000, 4);
	}
	put_up_to4(out + n - 4, rest % 10000, 4);
	return n;
}

static inline char *
put_octet(char *p, unsigned v)
{
	size_t n = 1u + (v >= 10) + (v >= 100);

	put_up_to4(p, v, n);
	return p + n;
}

size_t
format_addr(char out[static ADDR_TEXT_MAX], const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char *p = out;

	if (memcmp(a->b, mapped, sizeof(mapped)) != 0)
		return addr_format(a, out);
	p = put_octet(p, a->b[12]);
	*p++ = '.';
	p = put_octet(p, a->b[13]);
	*p++ = '.';
	p = put_octet(p, a->b[14]);
	*p++ = '.';
	p = put_octet(p, a->b[15]);
	return (size_t)(p - out);
}

/* Rounds down, also before 1970. */
static int64_t
div_floor(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

int64_t
format_day(struct nstime t)
{
	return div_floor(t.ns, NS_PER_SEC * SEC_PER_DAY);
}

/*
 * Day number to date.  Years are counted from March, so that the leap day is
 * the last of its year; an era is 400 years, which repeat exactly.
 */
static void
date_of_day(int64_t day, unsigned *year, unsigned *month, unsigned *mday)
{
	int64_t z = day + 719468;	/* days from 0000-03-01 to 1970-01-01 */
	int64_t era = div_floor(z, 146097);
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned m = (5 * doy + 2) / 153;	/* 0 is March */

	*mday = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (unsigned)(era * 400 + yoe) + (*month <= 2);
}

/* The part of a second, 0 to 999999999, also before 1970. */
static uint32_t
part_ns(struct nstime t)
{
	int64_t rest = t.ns % NS_PER_SEC;

	return (uint32_t)(rest < 0 ? rest + NS_PER_SEC : rest);
}

static void
put_date(char *out, int64_t day)
{
	unsigned y, m, d;

	/* All times of nstime.h lie in the years 1677 to 2262. */
	date_of_day(day, &y, &m, &d);
	put2(out, y / 100 % 100);
	put2(out + 2, y % 100);
	out[4] = '-';
	put2(out + 5, m);
	out[7] = '-';
	put2(out + 8, d);
}

static void
put_clock(char *out, unsigned sec_of_day)
{
	put2(out, sec_of_day / 3600);
	out[2] = ':';
	put2(out + 3, sec_of_day / 60 % 60);
	out[5] = ':';
	put2(out + 6, sec_of_day % 60);
}

static void
put_nanos(char *out, uint32_t ns)
{
	uint32_t high = ns / 10000, low = ns % 10000;	/* five and four digits */

	out[0] = (char)('0' + high / 10000);
	put2(out + 1, high / 100 % 100);
	put2(out + 3, high % 100);
	put2(out + 5, low / 100);
	put2(out + 7, low % 100);
}

size_t
format_time(char out[static FORMAT_TIME_MAX], struct nstime t)
{
	int64_t sec = div_floor(t.ns, NS_PER_SEC);
	int64_t day = div_floor(sec, SEC_PER_DAY);

	put_date(out, day);
	out[10] = 'T';
	put_clock(out + 11, (unsigned)(sec - day * SEC_PER_DAY));
	out[19] = '.';
	put_nanos(out + 20, part_ns(t));
	out[29] = 'Z';
	return 30;
}

size_t
format_date(char out[static FORMAT_DATE_MAX], struct nstime t)
{
	put_date(out, format_day(t));
	return 10;
}

size_t
format_clock(char out[static FORMAT_CLOCK_MAX], struct nstime t)
{
	int64_t sec = div_floor(t.ns, NS_PER_SEC);
	unsigned ms = part_ns(t) / (unsigned)NS_PER_MSEC;

	put_clock(out, (unsigned)(sec - format_day(t) * SEC_PER_DAY));
	out[8] = '.';
	out[9] = (char)('0' + ms / 100);
	put2(out + 10, ms % 100);
	return 12;
}

/* Tenths of a unit, rounded; cannot overflow, since a unit is at least 1000. */
static uint64_t
tenths_of(uint64_t v, uint64_t unit)
{
	return v / unit * 10 + (v % unit * 10 + unit / 2) / unit;
}

size_t
format_span(char out[static FORMAT_SPAN_MAX], int64_t ns, const char *micro)
{
	const struct { uint64_t ns; const char *unit; } units[] = {
		{ (uint64_t)NS_PER_SEC, "s" }, { (uint64_t)NS_PER_MSEC, "ms" },
		{ (uint64_t)NS_PER_USEC, micro }, { 1, "ns" },
	};
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, tenths;
	size_t n = 0, i = 0, len;

	/* 999.95 of a unit are 1 of the next */
	while (i < 3 && v + units[i].ns / 2000 < units[i].ns)
		i++;
	tenths = tenths_of(v, units[i].ns);
	if (ns < 0)
		out[n++] = '-';
	if (tenths < 1000 && tenths % 10 != 0) {
		n += format_u64(out + n, tenths / 10);
		out[n++] = '.';
		out[n++] = (char)('0' + tenths % 10);
	} else {
		n += format_u64(out + n, (v + units[i].ns / 2) / units[i].ns);
	}
	len = strlen(units[i].unit);
	memcpy(out + n, units[i].unit, len);
	return n + len;
}
