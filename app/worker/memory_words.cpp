// SPDX-License-Identifier: Apache-2.0
#include "app/worker/memory_words.h"

#include "core/base/text.h"
#include "core/spec/memory_sources.h"

#include <charconv>
#include <sstream>
#include <vector>

namespace orrery::worker {

namespace {

template <typename Number> bool isRead(const std::string &word, Number &number)
{
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    return read.ec == std::errc{} && read.ptr == word.data() + word.size();
}

/// What is wrong with words that are none of the forms.
std::string faultOf(const std::vector<std::string> &words)
{
    if (words.empty()) return "nothing is said";
    const bool isScale = words[0] == "scale" || words[0] == "scale_slot";
    if (!isScale && words[0] != "forget" && words[0] != "forget_slot" && words[0] != "wipe")
        return "\"" + sanitizeUtf8(words[0]) + "\" is no edit";
    const size_t numNumbers = isScale ? 2 : 1, numFound = words.size() - 1;
    if (numFound != numNumbers)
        return std::to_string(numFound) + (numFound == 1 ? " word stands" : " words stand") + " behind \"" +
               words[0] + "\"";
    int64_t number = 0;
    return "\"" + sanitizeUtf8(isRead(words[1], number) ? words.back() : words[1]) + "\" is no number";
}

} // namespace

Result<MemoryEdit> memoryEditFromText(const std::string &text)
{
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    MemoryEdit edit;
    if (words.size() >= 2 && words[0] == "wipe") {
        edit.verb = MemoryVerb::Wipe;
        // The name of a source may have spaces.
        edit.source = sourceName(text.substr(text.find(words[1], text.find("wipe") + 4)));
        return edit;
    }
    if (words.size() == 2 && words[0] == "forget" && isRead(words[1], edit.event)) {
        edit.verb = MemoryVerb::Forget;
        return edit;
    }
    if (words.size() == 2 && words[0] == "forget_slot" && isRead(words[1], edit.slot)) {
        edit.verb = MemoryVerb::ForgetSlot;
        return edit;
    }
    const bool isOfSlot = !words.empty() && words[0] == "scale_slot";
    if (words.size() == 3 && (isOfSlot || words[0] == "scale") &&
        isRead(words[1], isOfSlot ? edit.slot : edit.event) && isRead(words[2], edit.factor)) {
        edit.verb = MemoryVerb::Scale;
        return edit;
    }
    return Error{ErrorCode::InvalidInput,
                 "Cannot edit the memory by \"" + sanitizeUtf8(text) + "\": " + faultOf(words) +
                     ", expected " + kMemoryEditForms + ".",
                 "See the numbers with memory list, or inspect memory."};
}

} // namespace orrery::worker
