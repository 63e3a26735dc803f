/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_vectors.h - PROXY headers from the test suites of other implementations
 * (go-proxyproto, haproxy, varnish) and from the wire, with what each must yield
 * by the specification.
 *
 * Where an implementation goes its own way, the specification has the word: an
 * unknown family or an address block too short for its family is bad (varnish
 * takes the connection's own addresses), and there is no limit of 1024 bytes or
 * of the work space (varnish's).
 */
#ifndef TESTS_PROXY_VECTORS_H
#define TESTS_PROXY_VECTORS_H

#include "decode/app/proxy.h"

struct proxy_vector {
	const char	*name, *hex;
	uint8_t		 result;	/* enum proxy_result, more bytes may come */
	bool		 local, unknown;
	uint32_t	 len;		/* of the header */
	const char	*why;		/* of a bad one, also when it is bad because it ended */
	const char	*src, *dst;	/* NULL: none */
	uint16_t	 sport, dport;
	uint32_t	 n_tlvs;
	bool		 crc;
	/* NULL: not there */
	const char	*alpn, *authority, *vpce;
	int		 ssl_client;	/* -1: no such field */
	uint32_t	 ssl_verify;
	const char	*ssl_version, *ssl_cn, *ssl_cipher, *ssl_sig_alg, *ssl_key_alg;
};

static const struct proxy_vector proxy_vectors[] = {
	{
		.name = "go-proxyproto: VPCE example",
		.hex = "0d0a0d0a000d0a515549540a21110054ac1f0771ac1f0a1fc8f200500300"
		    "04e8d6892dea001701767063652d30386432626631356661633530303163"
		    "390400240000000000000000000000000000000000000000000000000000"
		    "00000000000000000000",
		.result = PROXY_GOOD, .len = 100,
		.src = "172.31.7.113", .sport = 51442,
		.dst = "172.31.10.31", .dport = 80,
		.crc = true,
		.vpce = "vpce-08d2bf15fac5001c9",
		.n_tlvs = 3,
		.ssl_client = -1,
	},
	{
		.name = "go-proxyproto: VPCE capture",
		.hex = "0d0a0d0a000d0a515549540a21110054c0a82c0ac0a82c07cc3e241b0300"
		    "04b9286fa6ea001701767063652d30306561666334353865633937623833"
		    "330400240000000000000000000000000000000000000000000000000000"
		    "00000000000000000000",
		.result = PROXY_GOOD, .len = 100,
		.src = "192.168.44.10", .sport = 52286,
		.dst = "192.168.44.7", .dport = 9243,
		.crc = true,
		.vpce = "vpce-00eafc458ec97b833",
		.n_tlvs = 3,
		.ssl_client = -1,
	},
	{
		.name = "go-proxyproto: SSL haproxy cn",
		.hex = "0d0a0d0a000d0a515549540a211100407f0000017f000001cc8a232e2000"
		    "310700000000210007544c5376312e3322001f4578616d706c6520436f6d"
		    "6d6f6e204e616d6520436c69656e742043657274",
		.result = PROXY_GOOD, .len = 80,
		.src = "127.0.0.1", .sport = 52362,
		.dst = "127.0.0.1", .dport = 9006,
		.ssl_client = 7, .ssl_verify = 0x0,
		.ssl_version = "TLSv1.3",
		.ssl_cn = "Example Common Name Client Cert",
		.n_tlvs = 1,
	},
	{
		.name = "go-proxyproto: SSL haproxy cipher",
		.hex = "0d0a0d0a000d0a515549540a2121004f00000000000000000000ffff0a01"
		    "5b0e00000000000000000000ffff0a01019ff47c01bb2000280100000000"
		    "210007544c5376312e33230016544c535f4145535f3235365f47434d5f53"
		    "4841333834",
		.result = PROXY_GOOD, .len = 95,
		.src = "10.1.91.14", .sport = 62588,
		.dst = "10.1.1.159", .dport = 443,
		.ssl_client = 1, .ssl_verify = 0x0,
		.ssl_version = "TLSv1.3",
		.ssl_cipher = "TLS_AES_256_GCM_SHA384",
		.n_tlvs = 1,
	},
	{
		.name = "haproxy: proxy_protocol_tlv_validation.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a211100147f0000017f000001002a05390200"
		    "053132333435",
		.result = PROXY_GOOD, .len = 36,
		.src = "127.0.0.1", .sport = 42,
		.dst = "127.0.0.1", .dport = 1337,
		.authority =
		    "12345",
		.n_tlvs = 1,
		.ssl_client = -1,
	},
	{
		.name = "haproxy: proxy_protocol_tlv_validation.vtc #2",
		.hex = "0d0a0d0a000d0a515549540a211100147f0000017f000001002a05390200"
		    "0531323334350200053534333231",
		.result = PROXY_GOOD, .len = 36,
		.src = "127.0.0.1", .sport = 42,
		.dst = "127.0.0.1", .dport = 1337,
		.authority =
		    "12345",
		.n_tlvs = 1,
		.ssl_client = -1,
	},
	{
		.name = "haproxy: proxy_protocol_tlv_validation.vtc #3",
		.hex = "0d0a0d0a000d0a515549540a211100147f0000017f000001002a05390200"
		    "0a31323334353132333435",
		.result = PROXY_BAD, .len = 36,
		.why = "a field is longer than the header",
		.ssl_client = -1,
	},
	{
		.name = "haproxy: proxy_protocol_tlv_validation.vtc #4",
		.hex = "0d0a0d0a000d0a515549540a211100147f0000017f000001002a05390200"
		    "0431323334",
		.result = PROXY_MORE, .why = "truncated", .len = 36,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a20000000",
		.result = PROXY_GOOD, .len = 16,
		.local = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #2",
		.hex = "0d0a0d0a000d0a515549540a22000000",
		.result = PROXY_BAD, .len = 0,
		.why = "its command is neither LOCAL nor PROXY",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #3",
		.hex = "0d0a0d0a000d0a515549540a21000000",
		.result = PROXY_GOOD, .len = 16,
		.unknown = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #4",
		.hex = "0d0a0d0a000d0a515549540a21990000",
		.result = PROXY_BAD, .len = 0,
		.why = "its address family is unknown",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #5",
		.hex = "0d0a0d0a000d0a515549540a2111000b0102030405060708090a0b",
		.result = PROXY_BAD, .len = 27,
		.why = "its length is too short for its addresses",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #6",
		.hex = "0d0a0d0a000d0a515549540a21210023000102030405060708090a0b0c0d"
		    "0e0f000102030405060708090a0b0c0d0e0f010203",
		.result = PROXY_BAD, .len = 51,
		.why = "its length is too short for its addresses",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00001.vtc #7",
		.hex = "0d0a0d0a000d0a515549540a20000401",
		.result = PROXY_MORE, .why = "truncated", .len = 1041,
		.local = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00005.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a21110065d946b5215f8ea822ed9601bb0300"
		    "049503ee74010002683202000a686f636465742e6e657420003d01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536",
		.result = PROXY_BAD, .len = 117,
		.why = "wrong CRC32C",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00005.vtc #2",
		.hex = "0d0a0d0a000d0a515549540a21110067d946b5215f8ea822ed9601bbff00"
		    "049503ee74010002683202000a686f636465742e6e657420003d01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536ffff",
		.result = PROXY_BAD, .len = 119,
		.why = "a field is longer than the header",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00005.vtc #3",
		.hex = "0d0a0d0a000d0a515549540a21110060d946b5215f8ea822ed9601bbff00"
		    "049503ee74010002683202000a686f636465742e6e657420003d01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536",
		.result = PROXY_BAD, .len = 112,
		.why = "a field is longer than the header",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00005.vtc #4",
		.hex = "0d0a0d0a000d0a515549540a21110065d946b5215f8ea822ed9601bbff00"
		    "049503ee74010002683202000a686f636465742e6e657420003c01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536",
		.result = PROXY_BAD, .len = 117,
		.why = "a field of its TLS field is longer than that",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00005.vtc #5",
		.hex = "0d0a0d0a000d0a515549540a21110065d946b5215f8ea822ed9601bb0300"
		    "049503ee75010002683202000a686f636465742e6e657420003d01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536",
		.result = PROXY_GOOD, .len = 117,
		.src = "217.70.181.33", .sport = 60822,
		.dst = "95.142.168.34", .dport = 443,
		.crc = true,
		.alpn = "h2",
		.authority =
		    "hocdet.net",
		.ssl_client = 1, .ssl_verify = 0x0,
		.ssl_version = "TLSv1.3",
		.ssl_key_alg = "EC256",
		.ssl_sig_alg = "RSA-SHA256",
		.ssl_cipher = "AEAD-AES128-GCM-SHA256",
		.n_tlvs = 4,
	},
	{
		.name = "varnish-cache: o00005.vtc #6",
		.hex = "0d0a0d0a000d0a515549540a21110123d946b5215f8ea822ed9601bb0300"
		    "04c51b5b2b01000268320200c8eea20061",
		.result = PROXY_MORE, .why = "truncated", .len = 307,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o00006.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a21110065d946b5215f8ea822ed9601bb0300"
		    "049503ee75010002683202000a686f636465742e6e657420003d01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536",
		.result = PROXY_GOOD, .len = 117,
		.src = "217.70.181.33", .sport = 60822,
		.dst = "95.142.168.34", .dport = 443,
		.crc = true,
		.alpn = "h2",
		.authority =
		    "hocdet.net",
		.ssl_client = 1, .ssl_verify = 0x0,
		.ssl_version = "TLSv1.3",
		.ssl_key_alg = "EC256",
		.ssl_sig_alg = "RSA-SHA256",
		.ssl_cipher = "AEAD-AES128-GCM-SHA256",
		.n_tlvs = 4,
	},
	{
		.name = "varnish-cache: o02001.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a20000000",
		.result = PROXY_GOOD, .len = 16,
		.local = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o02001.vtc #2",
		.hex = "0d0a0d0a000d0a515549540a22000000",
		.result = PROXY_BAD, .len = 0,
		.why = "its command is neither LOCAL nor PROXY",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o02001.vtc #3",
		.hex = "0d0a0d0a000d0a515549540a21000000",
		.result = PROXY_GOOD, .len = 16,
		.unknown = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o02001.vtc #4",
		.hex = "0d0a0d0a000d0a515549540a21990000",
		.result = PROXY_BAD, .len = 0,
		.why = "its address family is unknown",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o02001.vtc #5",
		.hex = "0d0a0d0a000d0a515549540a2111000b0102030405060708090a0b",
		.result = PROXY_BAD, .len = 27,
		.why = "its length is too short for its addresses",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o02001.vtc #6",
		.hex = "0d0a0d0a000d0a515549540a21210023000102030405060708090a0b0c0d"
		    "0e0f000102030405060708090a0b0c0d0e0f010203",
		.result = PROXY_BAD, .len = 51,
		.why = "its length is too short for its addresses",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: o02001.vtc #7",
		.hex = "0d0a0d0a000d0a515549540a20000401",
		.result = PROXY_MORE, .why = "truncated", .len = 1041,
		.local = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: r01804.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a2111000c0102030405060708090a0b0c",
		.result = PROXY_GOOD, .len = 28,
		.src = "1.2.3.4", .sport = 2314,
		.dst = "5.6.7.8", .dport = 2828,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: f00005.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a21210093aabbccddeeff1122334455667788"
		    "99aabbccddeeff112233445566778899aabb88da0d7302003c6161616161"
		    "616161616161616161616161616161616161616161616161616161616161"
		    "6161616161616161616161616161616161616161616161616120002d0101"
		    "000000210007544c5376312e3223001b45434448452d5253412d41455332"
		    "35362d47434d2d534841333834",
		.result = PROXY_GOOD, .len = 163,
		.src = "aabb:ccdd:eeff:1122:3344:5566:7788:99aa", .sport = 35034,
		.dst = "bbcc:ddee:ff11:2233:4455:6677:8899:aabb", .dport = 3443,
		.authority =
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		.ssl_client = 1, .ssl_verify = 0x1000000,
		.ssl_version = "TLSv1.2",
		.ssl_cipher = "ECDHE-RSA-AES256-GCM-SHA384",
		.n_tlvs = 2,
	},
	{
		.name = "varnish-cache: f00005.vtc #2",
		.hex = "0d0a0d0a000d0a515549540a2111001300ff20ff10ff0321203000202000"
		    "00190002292000000041209e1515d60000080000000000077a20b13f4320",
		.result = PROXY_BAD, .len = 35,
		.why = "its TLS field is too short",
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: f00005.vtc #3",
		.hex = "0d0a0d0a000d0a515549540a2121008baabbccddeeff1122334455667788"
		    "99aabbccddeeff112233445566778899aabb88da0d730200346161616161"
		    "616161616161616161616161616161616161616161616161616161616161"
		    "616161616161616161616161616161616120002d0101000000210007544c"
		    "5376312e3223001b45434448452d5253412d4145533235362d47434d2d53"
		    "4841333834",
		.result = PROXY_GOOD, .len = 155,
		.src = "aabb:ccdd:eeff:1122:3344:5566:7788:99aa", .sport = 35034,
		.dst = "bbcc:ddee:ff11:2233:4455:6677:8899:aabb", .dport = 3443,
		.authority =
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		.ssl_client = 1, .ssl_verify = 0x1000000,
		.ssl_version = "TLSv1.2",
		.ssl_cipher = "ECDHE-RSA-AES256-GCM-SHA384",
		.n_tlvs = 2,
	},
	{
		.name = "varnish-cache: r02219.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a21000000474554202feea73242",
		.result = PROXY_GOOD, .len = 16,
		.unknown = true,
		.ssl_client = -1,
	},
	{
		.name = "varnish-cache: proxy_b00000.vtc #1",
		.hex = "0d0a0d0a000d0a515549540a21110065d946b5215f8ea822ed9601bb0300"
		    "049503ee75010002683202000a686f636465742e6e657420003d01000000"
		    "00210007544c5376312e33250005454332353624000a5253412d53484132"
		    "3536230016414541442d4145533132382d47434d2d534841323536",
		.result = PROXY_GOOD, .len = 117,
		.src = "217.70.181.33", .sport = 60822,
		.dst = "95.142.168.34", .dport = 443,
		.crc = true,
		.alpn = "h2",
		.authority =
		    "hocdet.net",
		.ssl_client = 1, .ssl_verify = 0x0,
		.ssl_version = "TLSv1.3",
		.ssl_key_alg = "EC256",
		.ssl_sig_alg = "RSA-SHA256",
		.ssl_cipher = "AEAD-AES128-GCM-SHA256",
		.n_tlvs = 4,
	},
	{
		.name = "haproxy netcat capture",
		.hex = "0d0a0d0a000d0a515549540a2111000cac130001ac130003a65200504745"
		    "54202f20485454502f312e310d0a486f73743a206c6f63616c686f73743a"
		    "383038300d0a557365722d4167656e743a206375726c2f372e36382e300d"
		    "0a4163636570743a202a2f2a0d0a0d0a",
		.result = PROXY_GOOD, .len = 28,
		.src = "172.19.0.1", .sport = 42578,
		.dst = "172.19.0.3", .dport = 80,
		.ssl_client = -1,
	},
};

#endif
