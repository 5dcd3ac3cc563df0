/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard output of a program: collected to lines and put into the channel "log", or, without that
 * channel, given to the debug kernel character by character.  Never blocks: lines that find no room
 * are counted, and the next one that does is preceded by their number.
 */
#ifndef WHIT_LOG_H
#define WHIT_LOG_H

struct whit_grant;

/* Sends what is left of an unfinished line. */
void whit_log_flush(void);

/* Sends later output to the channel behind `grant`: for root, which has no "log" of its own. */
void whit_log_to(const struct whit_grant *grant);

#endif
