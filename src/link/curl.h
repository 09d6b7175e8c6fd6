/*
 * libcurl, loaded when it is first wanted.
 *
 * It brings some thirty libraries along (Kerberos, LDAP, SSH …), whose loading is a third of what a command takes that
 * asks nobody.  So the program is not linked with it: the names below are its functions, reached by a table.  A server
 * loads it when it starts (curl_ready()), so that a machine without it is found then and not at the first mail.
 *
 * Thread: any.  Cost: some 10 ms once.
 */
#ifndef CS_LINK_CURL_H
#define CS_LINK_CURL_H

#include <curl/curl.h>
#include <stdbool.h>

#define CURL_FUNCTIONS(F) \
	F(curl_easy_init) \
	F(curl_easy_setopt) \
	F(curl_easy_perform) \
	F(curl_easy_getinfo) \
	F(curl_easy_strerror) \
	F(curl_easy_reset) \
	F(curl_easy_cleanup) \
	F(curl_multi_init) \
	F(curl_multi_setopt) \
	F(curl_multi_add_handle) \
	F(curl_multi_remove_handle) \
	F(curl_multi_socket_action) \
	F(curl_multi_assign) \
	F(curl_multi_info_read) \
	F(curl_multi_cleanup) \
	F(curl_slist_append) \
	F(curl_slist_free_all) \
	F(curl_url) \
	F(curl_url_set) \
	F(curl_url_get) \
	F(curl_url_cleanup) \
	F(curl_free)

#define CURL_MEMBER(name) __typeof__(name) *name##_;
struct curl_table {
	CURL_FUNCTIONS(CURL_MEMBER)
};
#undef CURL_MEMBER

/* Where curl_ready() said that it is there (must). */
const struct curl_table *curl_table(void);

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#define curl_easy_init() curl_table()->curl_easy_init_()
#define curl_easy_setopt(...) curl_table()->curl_easy_setopt_(__VA_ARGS__)
#define curl_easy_perform(handle) curl_table()->curl_easy_perform_(handle)
#define curl_easy_getinfo(...) curl_table()->curl_easy_getinfo_(__VA_ARGS__)
#define curl_easy_strerror(code) curl_table()->curl_easy_strerror_(code)
#define curl_easy_reset(handle) curl_table()->curl_easy_reset_(handle)
#define curl_easy_cleanup(handle) curl_table()->curl_easy_cleanup_(handle)
#define curl_multi_init() curl_table()->curl_multi_init_()
#define curl_multi_setopt(...) curl_table()->curl_multi_setopt_(__VA_ARGS__)
#define curl_multi_add_handle(multi, handle) curl_table()->curl_multi_add_handle_(multi, handle)
#define curl_multi_remove_handle(multi, handle) curl_table()->curl_multi_remove_handle_(multi, handle)
#define curl_multi_socket_action(multi, socket, what, left) \
	curl_table()->curl_multi_socket_action_(multi, socket, what, left)
#define curl_multi_assign(multi, socket, pointer) curl_table()->curl_multi_assign_(multi, socket, pointer)
#define curl_multi_info_read(multi, left) curl_table()->curl_multi_info_read_(multi, left)
#define curl_multi_cleanup(multi) curl_table()->curl_multi_cleanup_(multi)
#define curl_slist_append(list, text) curl_table()->curl_slist_append_(list, text)
#define curl_slist_free_all(list) curl_table()->curl_slist_free_all_(list)
#define curl_url() curl_table()->curl_url_()
#define curl_url_set(...) curl_table()->curl_url_set_(__VA_ARGS__)
#define curl_url_get(...) curl_table()->curl_url_get_(__VA_ARGS__)
#define curl_url_cleanup(url) curl_table()->curl_url_cleanup_(url)
#define curl_free(memory) curl_table()->curl_free_(memory)

#endif
