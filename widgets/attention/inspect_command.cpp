// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/inspect_command.h"

#include "core/spec/kept_prompt.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/play/attachment.h"
#include "widgets/play/media_files.h"

#include <algorithm>
#include <cstddef>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxArgumentBytes = (128u << 10) - 1; ///< what the system lets one argument have
constexpr size_t kSignatureBytes = 16;

QString idsText(const std::vector<int32_t> &ids)
{
    QStringList numbers;
    for (const int32_t id : ids) numbers << QString::number(id);
    return numbers.join(u',');
}

/// In one word: it may begin with a dash. @return whether an argument can hold it
bool addPrompt(const std::string &text, QStringList &options)
{
    if (text.empty()) return true;
    if (text.size() > kMaxArgumentBytes || toStd(fromStd(text)) != text) return false;
    options << u"--prompt="_s + fromStd(text);
    return true;
}

/// A prompt in its pieces. @return whether there are words for all of it
bool addParts(const GenerateRequest &text, QStringList &options)
{
    size_t from = 0;
    for (const PromptMedia &one : text.media) {
        const QString file = mediaFileOf(one.bytes);
        if (file.isEmpty()) return false;
        const size_t to = std::clamp<size_t>(size_t(std::max<int64_t>(0, one.place)), from, text.prompt.size());
        if (!addPrompt(text.prompt.substr(from, to - from), options)) return false;
        addTextOption(options, isPicture(mediaKindOf(one.bytes)) ? u"--image"_s : u"--audio"_s, file);
        from = to;
    }
    return addPrompt(text.prompt.substr(from), options);
}

/// With paths for names, and of the bytes those that say what it is.
std::optional<std::vector<ChatMessage>> withFiles(const std::vector<ChatMessage> &messages)
{
    std::vector<ChatMessage> turns;
    for (const ChatMessage &message : messages) {
        if (toStd(fromStd(message.content)) != message.content) return std::nullopt;
        ChatMessage turn{message.role, message.content, {}};
        for (const PromptMedia &one : message.media) {
            const QString file = mediaFileOf(one.bytes);
            if (file.isEmpty()) return std::nullopt;
            turn.media.push_back({one.bytes.substr(0, kSignatureBytes), toStd(file), one.place});
        }
        turns.push_back(std::move(turn));
    }
    return turns;
}

} // namespace

TextWords tokenWords(const std::vector<int32_t> &ids) { return {{u"--prompt-ids"_s, idsText(ids)}, {}}; }

std::optional<TextWords> textWords(const GenerateRequest &text)
{
    if (text.infill) return std::nullopt;
    TextWords words;
    if (const std::optional<int32_t> document = keptPromptNumber(text)) {
        words.options << u"--probe"_s << QString::number(*document);
    } else if (!text.messages.empty()) {
        const auto turns = withFiles(text.messages);
        if (!turns) return std::nullopt;
        words.options << u"--messages"_s << u"-"_s;
        words.input = messagesJson(*turns);
    } else if (!text.promptIds.empty()) {
        words = tokenWords(text.promptIds);
    } else if (!addParts(text, words.options)) {
        return std::nullopt;
    }
    if (!text.answerIds.empty()) words.options << u"--answer-ids"_s << idsText(text.answerIds);
    if (words.options.isEmpty()) return std::nullopt;
    return words;
}

QString inspectCommand(const QStringList &before, const TextWords &text, const QStringList &behind)
{
    const QString command = engineCommand(QStringList{u"inspect"_s} + before + text.options + behind);
    return text.input.isEmpty() ? command : u"printf '%s' "_s + shellQuoted(text.input) + u" | "_s + command;
}

} // namespace orrery::ui
