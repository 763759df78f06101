// SPDX-License-Identifier: Apache-2.0
#include "app/worker/text_options.h"

#include "app/worker/conversation_input.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/media/media_files.h"
#include "core/data/media_noun.h"
#include "core/spec/kept_prompt.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace orrery::worker {

namespace {

Result<std::vector<int32_t>> readIds(const std::string &option, const std::string &text)
{
    std::vector<int32_t> ids;
    if (text.empty()) return ids;
    const char *at = text.data(), *const end = at + text.size();
    for (;; ++at) {
        int32_t id = 0;
        const auto read = std::from_chars(at, end, id);
        const bool isNumber = read.ec == std::errc{} && read.ptr != at;
        if (isNumber) ids.push_back(id);
        at = read.ptr;
        if (isNumber && at == end) return ids;
        if (!isNumber || *at != ',')
            return Error{ErrorCode::InvalidInput,
                         "Cannot read " + option + " \"" + sanitizeUtf8(text) +
                             "\": what begins at character " + std::to_string(at - text.data()) +
                             " is no token, expected whole numbers.",
                         "Give numbers with commas between them: 12,7,260."};
    }
}

/// @param option "--image" or "--audio"
Result<PromptMedia> readMedia(const std::string &option, const std::string &path)
{
    PromptMedia media;
    ORRERY_ASSIGN(media.bytes, readFile(path, MediaLimits{}.maxFileBytes));
    media.name = path;
    const Modality modality =
        modalityOf(fileKindOf(std::string_view(media.bytes).substr(0, kSignatureBytes)));
    const Modality asked = option == "--image" ? Modality::Image : Modality::Audio;
    if ((modality == Modality::Image || modality == Modality::Audio) && modality != asked)
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"" + path + "\": it is a " +
                         (modality == Modality::Image ? "picture" : "recording") + ", expected a " +
                         (asked == Modality::Image ? "picture" : "recording") + ".",
                     std::string("Give it with ") + (modality == Modality::Image ? "--image." : "--audio.")};
    return media;
}

} // namespace

Result<std::string> readTextFile(const std::string &file, uint64_t maxBytes, TextFileUse use)
{
    ORRERY_ASSIGN(std::string text, readFile(file, maxBytes));
    const auto media = mediaNounOf(text);
    if (!media) return text;
    const bool isPicture = media->modality == Modality::Image;
    const std::string saved = media->isReadable ? "Give"
                              : isPicture       ? "Save it as PNG or JPEG and give"
                                                : "Save it as WAV or FLAC and give";
    return Error{ErrorCode::InvalidInput,
                 "Cannot read \"" + file + "\": it is a " + media->text + ", expected text.",
                 use == TextFileUse::TextOnly ? "Choose a file of text; only texts are read here."
                                              : saved + " it with " + (isPicture ? "--image." : "--audio.")};
}

PromptParts partsInOrder(const CLI::App &command, std::span<const CLI::Option *const> options)
{
    PromptParts parts;
    std::map<const CLI::Option *, size_t> numSeen;
    for (const CLI::Option *given : command.parse_order())
        if (std::find(options.begin(), options.end(), given) != options.end())
            parts.emplace_back(given->get_name(), given->results().at(numSeen[given]++));
    return parts;
}

Result<void> readPromptParts(const PromptParts &parts, GenerateRequest &request)
{
    for (const auto &[option, value] : parts) {
        if (option == "--prompt") {
            request.prompt += value;
            continue;
        }
        ORRERY_ASSIGN(PromptMedia media, readMedia(option, value));
        media.place = std::ssize(request.prompt);
        request.media.push_back(std::move(media));
    }
    return {};
}

CLI::Option *addTokenOptions(CLI::App &command, TokenOptions &options)
{
    command.add_option("--answer-ids", options.answerIds,
                       "Tokens that the answer begins with, 12,7,260; it goes on behind them");
    return command.add_option("--prompt-ids", options.promptIds,
                              "Exact tokens in place of a prompt, 12,7,260");
}

Result<void> readTokenOptions(const TokenOptions &options, GenerateRequest &request)
{
    ORRERY_ASSIGN(request.promptIds, readIds("--prompt-ids", options.promptIds));
    ORRERY_ASSIGN(request.answerIds, readIds("--answer-ids", options.answerIds));
    return {};
}

void addSamplingOptions(CLI::App &command, SamplingSettings &sampling)
{
    command.add_option("--max-tokens", sampling.maxTokens, "Tokens to add at most, 1 … 1,000,000");
    command
        .add_option("--stop", sampling.stop,
                    "Text before which the answer ends, 1 … 256 bytes; may be given several times, at most 16")
        ->allow_extra_args(false);
    command.add_option("--temperature", sampling.temperature, "0 (most probable) … 10");
    command.add_option("--top-k", sampling.topK, "Keep the k most probable tokens; 0: off");
    command.add_option("--top-p", sampling.topP, "Keep the most probable tokens up to this share; 1: off");
    command.add_option("--min-p", sampling.minP,
                       "Keep tokens of at least this share of the most probable one's probability; 0: off");
    command.add_option("--typical", sampling.typicalP,
                       "Keep the tokens whose surprise is nearest to the entropy, up to this share; 1: off");
    command.add_option("--repetition-penalty", sampling.repetitionPenalty,
                       "Makes tokens that were read or said less likely, 0.1 … 10; 1: off");
    command.add_option("--penalty-window", sampling.penaltyWindow,
                       "Last tokens that the penalty looks at; 0: all");
    command.add_option("--sampler", sampling.sampler,
                       "Plugin's part that changes the logits before all of these; not given: none");
    command.add_option("--seed", sampling.seed, "Same seed, same text");
    command.add_option("--alternatives", sampling.numAlternatives, "Candidates per token in --json, 0 … 50");
}

void addTextOptions(CLI::App &command, TextOptions &options)
{
    auto *prompt = command
                       .add_option("--prompt", options.prompts,
                                   "Text to read; may stand several times, between pictures and recordings")
                       ->allow_extra_args(false);
    auto *image = command.add_option("--image", options.images, "Picture at this place of the prompt")
                      ->allow_extra_args(false);
    auto *audio = command.add_option("--audio", options.recordings, "Recording at this place of the prompt")
                      ->allow_extra_args(false);
    auto *file = command.add_option("--prompt-file", options.promptFile, "File with the text to read")
                     ->excludes(prompt);
    auto *messages =
        command.add_option("--messages", options.messagesFile, "JSON file with a conversation to read, - for stdin")
            ->excludes(prompt, file, image, audio);
    auto *ids = addTokenOptions(command, options.tokens)->excludes(prompt, file, messages, image, audio);
    command
        .add_option("--probe", options.probe,
                    "Number of a text that the run keeps frames of, with its pictures and recordings")
        ->excludes(prompt, file, messages, image, audio, ids);
    options.command = &command;
    options.inOrder = {prompt, image, audio};
}

Result<void> readTextOptions(const TextOptions &options, GenerateRequest &request)
{
    ORRERY_TRY(readPromptParts(partsInOrder(*options.command, options.inOrder), request));
    if (!options.promptFile.empty()) {
        ORRERY_ASSIGN(request.prompt, readTextFile(options.promptFile, kMaxPromptBytes, TextFileUse::Prompt));
    }
    if (!options.messagesFile.empty()) {
        ORRERY_ASSIGN(request.messages, readMessages(options.messagesFile));
    }
    if (options.probe && *options.probe < 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot look at the kept prompt " + std::to_string(*options.probe) +
                         ": expected a number from 0.",
                     "Prompts have the numbers of their frames: inspect frames RUN --prompt N."};
    if (options.probe) request.source = keptPrompt(*options.probe).source;
    return readTokenOptions(options.tokens, request);
}

} // namespace orrery::worker
