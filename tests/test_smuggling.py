"""Raw requests that are not clearly one request: refused, the connection closed, nothing forwarded.

Each row sends exact bytes, most of them with a second request hidden behind the trick. A recording provider behind the
gateway proves that nothing of a refused request arrived. Rows of ACCEPTED are the lawful neighbours of those tricks: the
provider gets exactly the right body. RFC 9112 unless said otherwise.
"""
import json

import pytest

from harness import raw

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
LENGTH = len(BODY)
SMUGGLED = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: weir.test\r\nContent-Type: application/json\r\nContent-Length: 43\r\n\r\n"
            b'{"model":"smuggled","messages":[],"n":12345}')
PATH = b"/v1/chat/completions"
START = b"POST " + PATH + b" HTTP/1.1\r\n"
HOST = b"Host: weir.test\r\n"
TYPE = b"Content-Type: application/json\r\n"
CL = b"Content-Length: %d\r\n" % LENGTH
TE = b"Transfer-Encoding: chunked\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)
BAD = {400}


def head(*lines, start=START, host=HOST):
    return start + host + TYPE + b"".join(lines) + b"\r\n"


def with_length(value):
    return head(b"Content-Length:" + value + b"\r\n") + BODY + SMUGGLED


def with_coding(line):
    return head(line) + CHUNKED + SMUGGLED


def with_chunks(chunks):
    return head(TE) + chunks + SMUGGLED


def with_header(line):
    return head(line, CL) + BODY + SMUGGLED


def with_start(line):
    return head(CL, start=line) + BODY + SMUGGLED


# (name, bytes, statuses that refuse)
REFUSED = [
    # CL together with TE (RFC 9112 6.1)
    ("cl_then_te", head(CL, TE) + CHUNKED + SMUGGLED, BAD),
    ("te_then_cl", head(TE, CL) + CHUNKED + SMUGGLED, BAD),
    ("cl_zero_and_te", head(b"Content-Length: 0\r\n", TE) + CHUNKED + SMUGGLED, BAD),
    ("cl_and_te_other_case", head(b"content-LENGTH: 4\r\n", b"tRANSFER-encoding: cHUNKED\r\n") + CHUNKED + SMUGGLED, BAD),
    ("cl_and_unknown_te", head(CL, b"Transfer-Encoding: xchunked\r\n") + BODY + SMUGGLED, {400, 501}),
    # several or malformed Content-Length (6.2, 6.3)
    ("cl_twice_different", head(CL, b"Content-Length: 0\r\n") + BODY + SMUGGLED, BAD),
    ("cl_twice_same", head(CL, CL) + BODY + SMUGGLED, BAD),
    ("cl_list_different", with_length(b" %d, 0" % LENGTH), BAD),
    ("cl_list_same", with_length(b" %d, %d" % (LENGTH, LENGTH)), BAD),
    ("cl_plus", with_length(b" +%d" % LENGTH), BAD),
    ("cl_minus", with_length(b" -1"), BAD),
    ("cl_empty", with_length(b""), BAD),
    ("cl_blank", with_length(b"   "), BAD),
    ("cl_hex", with_length(b" 0x39"), BAD),
    ("cl_letters", with_length(b" %dabc" % LENGTH), BAD),
    ("cl_inner_space", with_length(b" 5 7"), BAD),
    ("cl_exponent", with_length(b" 5e1"), BAD),
    ("cl_fraction", with_length(b" 57.0"), BAD),
    ("cl_vertical_tab", with_length(b" %d\x0b" % LENGTH), BAD),
    ("cl_nul", with_length(b" %d\x00" % LENGTH), BAD),
    ("cl_overflow", with_length(b" 18446744073709551673"), {400, 413}),
    ("cl_endless", with_length(b" " + b"9" * 400), {400, 413}),
    ("cl_too_large", head(b"Content-Length: 999999999999\r\n") + BODY, {413}),
    ("cl_space_before_colon", head(b"Content-Length : %d\r\n" % LENGTH) + BODY + SMUGGLED, BAD),
    ("cl_wide_digits", with_length(" ５７".encode()), BAD),
    # obfuscated Transfer-Encoding (6.1)
    ("te_twice", with_coding(TE + TE), {400, 501}),
    ("te_chunked_twice_in_list", with_coding(b"Transfer-Encoding: chunked, chunked\r\n"), {400, 501}),
    ("te_identity", with_coding(b"Transfer-Encoding: identity\r\n"), {400, 501}),
    ("te_chunked_then_identity", with_coding(TE + b"Transfer-Encoding: identity\r\n"), {400, 501}),
    ("te_x_prefix", with_coding(b"Transfer-Encoding: xchunked\r\n"), {400, 501}),
    ("te_gzip_chunked", with_coding(b"Transfer-Encoding: gzip, chunked\r\n"), {400, 501}),
    ("te_chunked_gzip", with_coding(b"Transfer-Encoding: chunked, gzip\r\n"), {400, 501}),
    ("te_gzip", with_coding(b"Transfer-Encoding: gzip\r\n"), {400, 501}),
    ("te_empty", with_coding(b"Transfer-Encoding:\r\n"), {400, 501}),
    ("te_comma", with_coding(b"Transfer-Encoding: ,\r\n"), {400, 501}),
    ("te_parameter", with_coding(b"Transfer-Encoding: chunked;q=1\r\n"), {400, 501}),
    ("te_quoted", with_coding(b'Transfer-Encoding: "chunked"\r\n'), {400, 501}),
    ("te_vertical_tab", with_coding(b"Transfer-Encoding: \x0bchunked\r\n"), {400, 501}),
    ("te_trailing_nul", with_coding(b"Transfer-Encoding: chunked\x00\r\n"), {400, 501}),
    ("te_space_before_colon", with_coding(b"Transfer-Encoding : chunked\r\n"), BAD),
    ("te_tab_before_colon", with_coding(b"Transfer-Encoding\t: chunked\r\n"), BAD),
    ("te_folded", with_coding(b"Transfer-Encoding:\r\n chunked\r\n"), {400, 501}),
    ("te_in_folded_header", head(b"X-A: b\r\n Transfer-Encoding: chunked\r\n", CL) + BODY + SMUGGLED, BAD),
    ("te_after_bare_cr", head(b"X-A: b\rTransfer-Encoding: chunked\r\n", CL) + BODY + SMUGGLED, BAD),
    ("te_after_bare_lf", head(b"X-A: b\nTransfer-Encoding: chunked\r\n", CL) + BODY + SMUGGLED, BAD),
    ("te_in_http_1_0", b"POST " + PATH + b" HTTP/1.0\r\n" + HOST + TYPE + TE + b"\r\n" + CHUNKED + SMUGGLED, {400, 501}),
    # line ends and bytes of the head (2.2, 5.1, 5.5)
    ("bare_lf_everywhere", head(CL).replace(b"\r\n", b"\n") + BODY + SMUGGLED.replace(b"\r\n", b"\n"), BAD),
    ("bare_lf_start_line", with_start(START.replace(b"\r\n", b"\n")), BAD),
    ("bare_lf_header", with_header(b"X-A: b\n"), BAD),
    ("bare_lf_end_of_head", START + HOST + TYPE + CL + b"\n" + BODY + SMUGGLED, BAD),
    ("bare_cr_in_value", with_header(b"X-A: b\rc\r\n"), BAD),
    ("bare_cr_ends_head", START + HOST + TYPE + CL + b"\r\r\n" + BODY + SMUGGLED, BAD),
    ("nul_in_value", with_header(b"X-A: b\x00c\r\n"), BAD),
    ("nul_in_name", with_header(b"X-\x00A: b\r\n"), BAD),
    ("nul_in_target", with_start(b"POST " + PATH + b"\x00 HTTP/1.1\r\n"), BAD),
    ("control_in_value", with_header(b"X-A: b\x01c\r\n"), BAD),
    ("control_in_name", with_header(b"X-\x01A: b\r\n"), BAD),
    ("obs_fold_space", with_header(b"X-A: b\r\n c\r\n"), BAD),
    ("obs_fold_tab", with_header(b"X-A: b\r\n\tc\r\n"), BAD),
    ("space_before_first_header", START + b" X-A: b\r\n" + HOST + TYPE + CL + b"\r\n" + BODY + SMUGGLED, BAD),
    ("header_without_colon", with_header(b"X-A\r\n"), BAD),
    ("header_without_name", with_header(b": b\r\n"), BAD),
    ("space_in_name", with_header(b"X A: b\r\n"), BAD),
    ("space_before_colon", with_header(b"X-A : b\r\n"), BAD),
    ("name_with_bracket", with_header(b"X(A): b\r\n"), BAD),
    ("name_not_ascii", with_header("X-Ä: b\r\n".encode()), BAD),
    # start line (3)
    ("no_version", with_start(b"POST " + PATH + b"\r\n"), BAD),
    ("two_spaces", with_start(b"POST  " + PATH + b" HTTP/1.1\r\n"), BAD),
    ("tab_for_space", with_start(b"POST\t" + PATH + b"\tHTTP/1.1\r\n"), BAD),
    ("space_in_target", with_start(b"POST /v1/chat completions HTTP/1.1\r\n"), BAD),
    ("space_after_version", with_start(b"POST " + PATH + b" HTTP/1.1 \r\n"), BAD),
    ("lower_case_version", with_start(b"POST " + PATH + b" http/1.1\r\n"), {400, 505}),
    ("version_1_2_digits", with_start(b"POST " + PATH + b" HTTP/1.10\r\n"), {400, 505}),
    ("version_2", with_start(b"POST " + PATH + b" HTTP/2.0\r\n"), {400, 505}),
    ("version_0_9", with_start(b"POST " + PATH + b" HTTP/0.9\r\n"), {400, 505}),
    ("version_missing_minor", with_start(b"POST " + PATH + b" HTTP/1\r\n"), {400, 505}),
    ("method_with_bracket", with_start(b"PO(ST " + PATH + b" HTTP/1.1\r\n"), {400, 405, 501}),
    ("empty_method", with_start(b" " + PATH + b" HTTP/1.1\r\n"), BAD),
    ("target_not_ascii", with_start("POST /v1/chät HTTP/1.1\r\n".encode()), BAD),
    ("connect", with_start(b"CONNECT weir.test:443 HTTP/1.1\r\n"), {400, 404, 405, 501}),
    ("tls_hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n", BAD),
    # Host and absolute form (3.2; RFC 9110 7.2)
    ("no_host", head(CL, host=b"") + BODY + SMUGGLED, BAD),
    ("two_hosts_same", head(CL, host=HOST + HOST) + BODY + SMUGGLED, BAD),
    ("two_hosts_different", head(CL, host=HOST + b"Host: other.test\r\n") + BODY + SMUGGLED, BAD),
    ("host_with_path", head(CL, host=b"Host: weir.test/x\r\n") + BODY + SMUGGLED, BAD),
    ("host_with_user", head(CL, host=b"Host: user@weir.test\r\n") + BODY + SMUGGLED, BAD),
    ("host_list", head(CL, host=b"Host: weir.test, other.test\r\n") + BODY + SMUGGLED, BAD),
    ("host_with_space", head(CL, host=b"Host: weir .test\r\n") + BODY + SMUGGLED, BAD),
    ("host_bad_port", head(CL, host=b"Host: weir.test:8x\r\n") + BODY + SMUGGLED, BAD),
    ("absolute_form_other_host", with_start(b"POST http://other.test" + PATH + b" HTTP/1.1\r\n"), BAD),
    ("absolute_form_user", with_start(b"POST http://weir.test@other.test" + PATH + b" HTTP/1.1\r\n"), BAD),
    ("absolute_form_no_host", with_start(b"POST http://" + PATH + b" HTTP/1.1\r\n"), BAD),
    ("absolute_form_other_scheme", with_start(b"POST ftp://weir.test" + PATH + b" HTTP/1.1\r\n"), BAD),
    ("authority_form_for_post", with_start(b"POST weir.test:80 HTTP/1.1\r\n"), BAD),
    ("relative_target", with_start(b"POST v1/chat/completions HTTP/1.1\r\n"), BAD),
    # chunks (7.1)
    ("chunk_size_not_hex", with_chunks(b"G\r\n" + BODY + b"\r\n0\r\n\r\n"), BAD),
    ("chunk_size_empty", with_chunks(b"\r\n" + BODY + b"\r\n0\r\n\r\n"), BAD),
    ("chunk_size_minus", with_chunks(b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"), BAD),
    ("chunk_size_plus", with_chunks(b"+%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_size_0x", with_chunks(b"0x%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_size_leading_space", with_chunks(b" %x\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_size_overflow", with_chunks(b"10000000000000039\r\n%s\r\n0\r\n\r\n" % BODY), {400, 413}),
    ("chunk_size_endless_zeros", with_chunks(b"0" * 70000 + b"%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD | {413, 431}),
    ("chunk_size_too_large", with_chunks(b"fffffffffff\r\n" + BODY), {400, 413}),
    ("chunk_bare_lf_after_size", with_chunks(b"%x\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_bare_cr_after_size", with_chunks(b"%x\r%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_bare_lf_after_data", with_chunks(b"%x\r\n%s\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_data_too_long", with_chunks(b"%x\r\n%sXX\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_data_too_short", with_chunks(b"%x\r\n%s\r\n0\r\n\r\n" % (LENGTH + 2, BODY)), BAD),
    ("chunk_extension_bare_lf", with_chunks(b"%x;a\nb\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_extension_bare_cr", with_chunks(b"%x;a\rb\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("chunk_extension_endless", with_chunks(b"%x;" % LENGTH + b"a" * 200000 + b"\r\n%s\r\n0\r\n\r\n" % BODY), {400, 413, 431}),
    ("chunk_last_bare_lf", with_chunks(b"%x\r\n%s\r\n0\n\n" % (LENGTH, BODY)), BAD),
    ("trailer_without_colon", with_chunks(b"%x\r\n%s\r\n0\r\nX-A\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("trailer_folded", with_chunks(b"%x\r\n%s\r\n0\r\nX-A: b\r\n c\r\n\r\n" % (LENGTH, BODY)), BAD),
    ("trailer_bare_lf", with_chunks(b"%x\r\n%s\r\n0\r\nX-A: b\n\r\n" % (LENGTH, BODY)), BAD),
    ("trailers_endless", with_chunks(b"%x\r\n%s\r\n0\r\n" % (LENGTH, BODY) + b"X-A: b\r\n" * 30000 + b"\r\n"), {400, 413, 431}),
    # sizes
    ("header_too_large", with_header(b"X-A: " + b"a" * 200000 + b"\r\n"), {431}),
    ("head_too_large", with_header(b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 6000), {431}),
    ("target_too_long", with_start(b"POST /" + b"a" * 200000 + b" HTTP/1.1\r\n"), {400, 414, 431}),
    # Expect (RFC 9110 10.1.1)
    ("expect_unknown", with_header(b"Expect: 200-maybe\r\n"), {400, 417}),
    # Upgrade tricks: taken as a plain request or refused, never as a tunnel
    ("nothing_but_nul", b"\x00" * 64 + b"\r\n\r\n", BAD),
]

# (name, bytes, bodies that must reach the provider, in order)
ACCEPTED = [
    ("plain", head(CL) + BODY, [BODY]),
    ("chunked", head(TE) + CHUNKED, [BODY]),
    ("chunked_other_case", head(b"transfer-encoding: CHUNKED\r\n") + CHUNKED, [BODY]),
    ("chunked_in_small_chunks", head(TE) + b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n", [BODY]),
    ("chunk_size_leading_zeros", head(TE) + b"000%X\r\n%s\r\n00\r\n\r\n" % (LENGTH, BODY), [BODY]),
    ("chunk_extension", head(TE) + b'%x;a=b;c="d"\r\n%s\r\n0;e\r\n\r\n' % (LENGTH, BODY), [BODY]),
    ("trailers", head(TE) + b"%x\r\n%s\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n" % (LENGTH, BODY), [BODY]),
    ("header_names_any_case", head(b"cOnTeNt-LeNgTh: %d\r\n" % LENGTH) + BODY, [BODY]),
    ("length_leading_zeros", head(b"Content-Length: 000%d\r\n" % LENGTH) + BODY, [BODY]),
    ("spaces_around_value", head(b"Content-Length: \t %d \t\r\n" % LENGTH) + BODY, [BODY]),
    ("value_not_ascii", head(b"X-A: \xe4\xc3\xa4\r\n", CL) + BODY, [BODY]),
    ("empty_value", head(b"X-A:\r\n", CL) + BODY, [BODY]),
    ("pipelined", (head(CL) + BODY) * 3, [BODY] * 3),
    ("pipelined_mixed_framing", head(CL) + BODY + head(TE) + CHUNKED + head(CL) + BODY, [BODY] * 3),
    ("absolute_form_same_host", head(CL, start=b"POST http://weir.test" + PATH + b" HTTP/1.1\r\n") + BODY, [BODY]),
    ("connection_upgrade_ignored", head(b"Connection: upgrade\r\nUpgrade: h2c\r\n", CL) + BODY, [BODY]),
]


@pytest.mark.parametrize("sent, statuses", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_and_never_forwarded(shared_gateway, sent, statuses):
    shared_gateway.provider.forget()
    with raw.Connection(shared_gateway.weir.address) as connection:
        connection.send_as_accepted(sent)
        response = connection.response()
        assert response is not None, "closed without an answer"
        assert response.status in statuses, response
        assert (response.header("connection") or "").lower() == "close", "a refusal announces the close"
        assert connection.closed(), f"more follows the refusal: {connection.buffer[:200]!r}"
    assert shared_gateway.provider.requests == []
    assert shared_gateway.weir.chat()[0] == 200, "still serving"


@pytest.mark.parametrize("sent, bodies", [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_lawful_neighbours_are_accepted(shared_gateway, sent, bodies):
    shared_gateway.provider.forget()
    with raw.Connection(shared_gateway.weir.address) as connection:
        connection.send(sent)
        for _ in bodies:
            response = connection.response()
            assert response.status == 200, response
    requests = shared_gateway.provider.wait_requests(len(bodies))
    assert [request.body for request in requests] == bodies
    for request in requests:
        assert not request.names() & {"x-checksum", "upgrade", "te", "trailer"}
        assert request.target == PATH.decode()


def test_there_are_at_least_sixty_refusals():
    assert len(REFUSED) >= 60
    assert len({row[0] for row in REFUSED + ACCEPTED}) == len(REFUSED) + len(ACCEPTED)


def test_leading_empty_line_is_ignored_or_refused(shared_gateway):
    """RFC 9112 2.2 lets a server ignore an empty line before the request line."""
    shared_gateway.provider.forget()
    with raw.Connection(shared_gateway.weir.address) as connection:
        connection.send(b"\r\n" + head(CL) + BODY)
        status = connection.response().status
    assert status in (200, 400)
    assert [request.body for request in shared_gateway.provider.requests] == ([BODY] if status == 200 else [])


@pytest.mark.parametrize("cut", range(1, len(head(CL) + BODY), 7))
def test_a_request_cut_off_anywhere_is_not_forwarded(shared_gateway, cut):
    shared_gateway.provider.forget()
    with raw.Connection(shared_gateway.weir.address) as connection:
        connection.send((head(CL) + BODY)[:cut])
        connection.socket.shutdown(1)
        response = connection.response()
        assert response is None or response.status in (400, 408)
    assert shared_gateway.provider.requests == []


def test_one_byte_at_a_time_is_the_same_request(shared_gateway):
    shared_gateway.provider.forget()
    with raw.Connection(shared_gateway.weir.address) as connection:
        for byte in head(TE) + CHUNKED:
            connection.send(bytes([byte]))
        assert connection.response().status == 200
    assert shared_gateway.provider.only_request().body == BODY


def test_refusals_have_the_dialects_error_body(shared_gateway):
    with raw.Connection(shared_gateway.weir.address) as connection:
        connection.send(head(CL, TE) + CHUNKED)
        response = connection.response()
    assert response.header("content-type").startswith("application/json")
    assert json.loads(response.body)["error"]["message"]
    assert response.header("x-request-id")
