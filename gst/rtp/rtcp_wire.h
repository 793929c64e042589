/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtcp_wire.h – numbers and sizes of RTCP packets; for rtp/rtcp*.c only.
 * RFC 3550 §12.1 · RFC 4585 §6.1 · RFC 5104 §4.3.1
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_RTCP_PT_SR 200
#define VIA_RTCP_PT_RR 201
#define VIA_RTCP_PT_SDES 202
#define VIA_RTCP_PT_BYE 203
#define VIA_RTCP_PT_RTPFB 205
#define VIA_RTCP_PT_PSFB 206

#define VIA_RTCP_FMT_NACK 1  /* RTPFB */
#define VIA_RTCP_FMT_TWCC 15 /* RTPFB */
#define VIA_RTCP_FMT_PLI 1   /* PSFB */
#define VIA_RTCP_FMT_FIR 4   /* PSFB */
#define VIA_RTCP_FMT_AFB 15  /* PSFB, application layer; REMB among them */

#define VIA_RTCP_SDES_CNAME 1

/* Bytes, common header included. */
#define VIA_RTCP_SR_HEADER 28
#define VIA_RTCP_RR_HEADER 8
#define VIA_RTCP_FB_HEADER 12
/* Bytes of one entry. */
#define VIA_RTCP_REPORT_LEN 24
#define VIA_RTCP_FIR_LEN 8

#define VIA_RTCP_MAX_COUNT 31        /* 5 bits */
#define VIA_RTCP_MAX_LEN (65536 * 4) /* bytes of one packet */

/* Transport-wide feedback: packet status symbols and units. */
#define VIA_TWCC_LOST 0
#define VIA_TWCC_SMALL 1         /* 8-bit delta */
#define VIA_TWCC_LARGE 2         /* 16-bit signed delta */
#define VIA_TWCC_TICK 250        /* µs of one delta step */
#define VIA_TWCC_REFERENCE 64000 /* µs of one reference time step */

G_END_DECLS
