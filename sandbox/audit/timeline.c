/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts over time; see timeline.h.
 */
#include "sandbox/audit/timeline.h"

#include <ctype.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define FIRST_WIDTH   INT64_C(1000000) /* a fifth of a second in all */

/* Pairs of bins become one; the start stays a multiple of the width. */
static void widen(struct rf_timeline *timeline)
{
	uint64_t merged[RF_TIMELINE_BINS][RF_TIMELINE_SERIES] = {0};
	int64_t odd = timeline->start / timeline->width % 2;

	for (int64_t i = 0; i < RF_TIMELINE_BINS; i++)
		for (int series = 0; series < RF_TIMELINE_SERIES; series++)
			merged[(i + odd) / 2][series] += timeline->bins[i][series];
	memcpy(timeline->bins, merged, sizeof(merged));
	timeline->start -= odd * timeline->width;
	timeline->width *= 2;
}

static bool is_empty(const uint64_t *bin)
{
	for (int series = 0; series < RF_TIMELINE_SERIES; series++)
		if (bin[series] != 0)
			return false;
	return true;
}

/* An event from before the start: moves the bins if the last ones are free. */
static bool shift(struct rf_timeline *timeline, int64_t by)
{
	if (by >= RF_TIMELINE_BINS)
		return false;
	for (int64_t i = RF_TIMELINE_BINS - by; i < RF_TIMELINE_BINS; i++)
		if (!is_empty(timeline->bins[i]))
			return false;
	memmove(timeline->bins[by], timeline->bins[0],
		sizeof(timeline->bins[0]) * (size_t)(RF_TIMELINE_BINS - by));
	memset(timeline->bins, 0, sizeof(timeline->bins[0]) * (size_t)by);
	timeline->start -= by * timeline->width;
	return true;
}

void rf_timeline_add(struct rf_timeline *timeline, int64_t time, unsigned int series, uint64_t n)
{
	int64_t bin;

	if (time < 0 || series >= RF_TIMELINE_SERIES)
		return;
	if (!timeline->started) {
		timeline->started = true;
		timeline->width = FIRST_WIDTH;
		timeline->start = time - time % FIRST_WIDTH;
	}
	for (;;) {
		int64_t early = timeline->start - time;

		if (early > 0 && !shift(timeline, (early - 1) / timeline->width + 1)) {
			widen(timeline);
			continue;
		}
		bin = (time - timeline->start) / timeline->width;
		if (bin < RF_TIMELINE_BINS)
			break;
		widen(timeline);
	}
	timeline->bins[bin][series] += n;
}

static int digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* Days from 1970-01-01 to the day, by years that begin in March. */
static int64_t days_since_1970(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, yoe = y - era * 400;
	int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t rf_timeline_parse(const char *text)
{
	int year, month, day, hour, minute, second;
	int64_t ns = 0, unit = NS_PER_SECOND / 10;

	if (!text || strlen(text) < 19)
		return -1;
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	second = digits(text + 17, 2);
	if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return -1;
	if (text[19] == '.')
		for (const char *c = text + 20; isdigit((unsigned char)*c); c++, unit /= 10)
			ns += unit * (*c - '0');
	return ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 *
		       NS_PER_SECOND +
	       second * NS_PER_SECOND + ns;
}
