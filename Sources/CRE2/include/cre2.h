// RE2 behind a C interface: what relabeling needs of it and nothing else. No function throws; text is UTF-8 and need not
// end with a NUL.
#ifndef CULVERT_CRE2_H
#define CULVERT_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled pattern. Any number of threads may match with it at the same time.
typedef struct cre2_pattern cre2_pattern;

/// Part of the text: offset and length; an offset of -1 for a group that took no part in the match.
typedef struct {
    int64_t offset;
    int64_t length;
} cre2_span;

/// Compiles a pattern within a budget of memory. NULL on failure, with the reason, ended by a NUL, in `error`.
cre2_pattern *cre2_compile(const char *pattern, size_t length, int64_t maximum_memory, char *error, size_t error_size);

void cre2_free(cre2_pattern *pattern);

/// Groups of the pattern, without the whole match.
int32_t cre2_groups(const cre2_pattern *pattern);

/// The number of the group of that name; -1 when there is none.
int32_t cre2_group_named(const cre2_pattern *pattern, const char *name, size_t length);

/// The leftmost match anywhere in the text. `spans` gets the whole match and the groups behind it, `count` in all.
bool cre2_match(const cre2_pattern *pattern, const char *text, size_t length, cre2_span *spans, int32_t count);

#ifdef __cplusplus
}
#endif

#endif
