#include "cre2.h"

#include <re2/re2.h>

#include <cstring>
#include <new>
#include <string>
#include <vector>

struct cre2_pattern {
    RE2 re2;

    cre2_pattern(const re2::StringPiece &pattern, const RE2::Options &options) : re2(pattern, options) {}
};

extern "C" {

cre2_pattern *cre2_compile(const char *pattern, size_t length, int64_t maximum_memory, char *error, size_t error_size) {
    auto say = [&](const char *text) {
        if (error_size == 0) return;
        std::strncpy(error, text, error_size - 1);
        error[error_size - 1] = 0;
    };
    try {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(maximum_memory);
        auto *made = new cre2_pattern(re2::StringPiece(pattern, length), options);
        // RE2 takes two groups of one name, Go does not.
        bool is_unique = made->re2.NamedCapturingGroups().size() == made->re2.CapturingGroupNames().size();
        if (made->re2.ok() && is_unique) return made;
        say(made->re2.ok() ? "duplicate capture group name" : made->re2.error().c_str());
        delete made;
    } catch (...) {
        say("out of memory");
    }
    return nullptr;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

int32_t cre2_groups(const cre2_pattern *pattern) { return pattern->re2.NumberOfCapturingGroups(); }

int32_t cre2_group_named(const cre2_pattern *pattern, const char *name, size_t length) {
    try {
        const auto &groups = pattern->re2.NamedCapturingGroups();
        auto found = groups.find(std::string(name, length));
        return found == groups.end() ? -1 : found->second;
    } catch (...) {
        return -1;
    }
}

bool cre2_match(const cre2_pattern *pattern, const char *text, size_t length, cre2_span *spans, int32_t count) {
    try {
        re2::StringPiece input(text, length);
        re2::StringPiece few[16];
        std::vector<re2::StringPiece> many;
        re2::StringPiece *parts = few;
        if (count > 16) {
            many.resize(count);
            parts = many.data();
        }
        if (!pattern->re2.Match(input, 0, length, RE2::UNANCHORED, parts, count)) return false;
        for (int32_t index = 0; index < count; index++) {
            if (parts[index].data() == nullptr) {
                spans[index] = {-1, 0};
            } else {
                spans[index] = {parts[index].data() - text, static_cast<int64_t>(parts[index].size())};
            }
        }
        return true;
    } catch (...) {
        return false;
    }
}

}
