// SPDX-License-Identifier: Apache-2.0
// generate --host and embed --host: the model stays where it is, text and numbers travel.
#include "app/engine/commands/remote_host.h"
#include "app/worker/option_checks.h"

#include "app/worker/text_options.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/media/media_files.h"
#include "core/data/tokenizer/utf8_stream.h"
#include "core/spec/memory_sources.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <optional>

namespace orrery::cli {

namespace {

using Json = nlohmann::ordered_json;
constexpr uint64_t kMaxEmbedBytes = 15u << 20; ///< of one text: a call takes 16 MiB
volatile std::sig_atomic_t g_interrupted = 0;

bool isGoingOn() { return g_interrupted == 0 && std::ferror(stdout) == 0; }

Result<void> readParts(const std::vector<std::string> &parts, GenerateRequest &request)
{
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
        if (parts[i] == "--prompt") {
            request.prompt += parts[i + 1];
            continue;
        }
        PromptMedia media;
        ORRERY_ASSIGN(media.bytes, readFile(parts[i + 1], MediaLimits{}.maxFileBytes));
        media.name = parts[i + 1];
        media.place = std::ssize(request.prompt);
        request.media.push_back(std::move(media));
    }
    return {};
}

void printTokenJson(const GeneratedToken &token)
{
    Json json = {{"id", token.id},
                 {"text", sanitizeUtf8(token.bytes)},
                 {"p", token.probability},
                 {"chance", token.chance},
                 {"entropy", token.entropy},
                 {"alternatives", Json::array()}};
    for (const TokenAlternative &one : token.alternatives)
        json["alternatives"].push_back({{"text", sanitizeUtf8(one.bytes)}, {"p", one.probability}, {"chance", one.chance}});
    std::printf("%s\n", json.dump().c_str());
}

void printDone(const Session &session, const GenerateSummary &summary, const std::string &text, const std::string &note)
{
    Json json = {{"event", "done"},
                 {"host", sanitizeUtf8(session.host)},
                 {"model", sanitizeUtf8(summary.model)},
                 {"step", summary.step},
                 {"reason", finishReasonName(summary.reason)},
                 {"prompt_tokens", summary.promptTokens},
                 {"generated_tokens", summary.generatedTokens},
                 {"prompt_seconds", summary.promptSeconds},
                 {"decode_seconds", summary.decodeSeconds},
                 {"text", sanitizeUtf8(text)}};
    if (!note.empty()) json["note"] = sanitizeUtf8(note);
    std::printf("%s\n", json.dump().c_str());
}

Result<FinishReason> generate(const Session &session, const std::string &model, const GenerateRequest &request)
{
    ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
    std::string text, note;
    Utf8Stream characters;
    const auto show = [&](const std::vector<GeneratedToken> &tokens) {
        for (const GeneratedToken &token : tokens) {
            text += token.bytes;
            if (session.json) {
                printTokenJson(token);
                continue;
            }
            const std::string whole = characters.append(token.bytes);
            std::fwrite(whole.data(), 1, whole.size(), stdout);
        }
        std::fflush(stdout);
        return isGoingOn();
    };
    const auto remember = [&note](const ModelInfo &info) {
        note = info.note;
        return isGoingOn();
    };
    ORRERY_ASSIGN(const GenerateSummary summary, remote.client.generate(model, request, remember, show, {}, isGoingOn));
    if (session.json) {
        printDone(session, summary, text, note);
    } else {
        const std::string rest = characters.flush(); // an answer may end within a character
        std::printf("%s\n", rest.c_str());
    }
    return summary.reason;
}

struct EmbedTexts {
    std::vector<std::string> texts, files;
    std::string out;
};

Result<std::vector<EmbedSummary>> embedThere(const Session &session, const std::string &model, EmbedTexts &asked)
{
    if (!asked.out.empty() && !asked.out.ends_with(".json"))
        return Error{ErrorCode::InvalidInput,
                     "Cannot write embeddings to \"" + asked.out + "\" from another machine: expected an ending of .json.",
                     "Make an .npz on that machine, or of the .json here."};
    for (const std::string &file : asked.files) {
        ORRERY_ASSIGN(std::string text,
                      worker::readTextFile(file, kMaxEmbedBytes, worker::TextFileUse::TextOnly));
        asked.texts.push_back(std::move(text));
    }
    if (asked.texts.empty())
        return Error{ErrorCode::InvalidInput, "Cannot embed: there is no text, expected one or more.", "Give it with --text TEXT or --file PATH."};
    ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
    std::vector<EmbedSummary> all;
    for (const std::string &text : asked.texts) {
        ORRERY_ASSIGN(EmbedSummary one, remote.client.embed(model, {text}));
        all.push_back(std::move(one));
    }
    return all;
}

std::string embeddingJson(const EmbedSummary &one)
{
    return Json{{"model", sanitizeUtf8(one.model)}, {"step", one.step}, {"mask", one.mask}, {"tokens", one.tokens}, {"embedding", one.embedding}}.dump();
}

} // namespace

Result<void> parseThere(CLI::App &parser, const std::vector<std::string> &passed)
{
    std::vector<std::string> backwards(passed.rbegin(), passed.rend()); // as CLI11 takes them
    worker::refuseWhatDoesNotFit(parser);
    try {
        parser.parse(backwards);
    } catch (const CLI::ExtrasError &error) {
        return Error{ErrorCode::InvalidInput, std::string("Cannot do it on another machine: ") + error.what() + ".",
                     "Files of memories and models stay on their machine: run the command there, or leave the option out."};
    } catch (const CLI::ParseError &error) {
        return Error{ErrorCode::InvalidInput, std::string("Cannot read the options: ") + error.what() + ".",
                     "--help shows their ranges."};
    }
    return {};
}

int remoteEmbed(const Session &session, const std::string &model, const std::vector<std::string> &passed)
{
    EmbedTexts asked;
    CLI::App parser;
    parser.add_option("--text", asked.texts)->allow_extra_args(false);
    parser.add_option("--file", asked.files)->allow_extra_args(false);
    parser.add_option("--out", asked.out);
    if (const auto parsed = parseThere(parser, passed); !parsed) return fail(session, parsed.error());
    const auto all = embedThere(session, model, asked);
    if (!all) return fail(session, all.error());
    std::string file;
    for (const EmbedSummary &one : *all) {
        file += (file.empty() ? "[" : ",\n ") + embeddingJson(one);
        if (session.json) std::printf("%s\n", embeddingJson(one).c_str());
        if (session.json || !asked.out.empty()) continue;
        std::string line;
        for (const float value : one.embedding) line += (line.empty() ? "" : " ") + formatSignificant(static_cast<double>(value), 7);
        std::printf("%s\n", line.c_str());
    }
    if (asked.out.empty()) return kExitOk;
    if (const auto written = writeFileAtomically(asked.out, file + "]\n"); !written) return fail(session, written.error());
    return kExitOk;
}

int remoteGenerate(const Session &session, const std::string &model, const std::vector<std::string> &parts,
                   const std::vector<std::string> &passed)
{
    GenerateRequest request;
    worker::TextOptions text;
    std::optional<std::string> infill;
    CLI::App parser;
    worker::addTextOptions(parser, text);
    worker::addSamplingOptions(parser, request.sampling);
    parser.add_option("--source", request.source);
    parser.add_option("--mask", request.mask);
    parser.add_option_function<std::string>("--infill", [&infill](const std::string &value) { infill = value; });
    if (const auto parsed = parseThere(parser, passed); !parsed) return fail(session, parsed.error());
    if (const auto read = worker::readTextOptions(text, request); !read) return fail(session, read.error());
    if (const auto read = readParts(parts, request); !read) return fail(session, read.error());
    request.infill = infill;
    request.source = sourceName(request.source);
    if (!session.json) request.sampling.numAlternatives = 0;
    std::signal(SIGINT, [](int) { g_interrupted = 1; });
    const auto reason = generate(session, model, request);
    if (!reason) return fail(session, reason.error());
    return *reason == FinishReason::Cancelled || g_interrupted ? kExitCancelled : kExitOk;
}

} // namespace orrery::cli
