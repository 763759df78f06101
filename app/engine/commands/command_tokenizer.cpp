// SPDX-License-Identifier: Apache-2.0
// data tokenizer train|show: trains byte-level BPE on a text, and shows what a tokenizer makes of one.
#include "app/engine/commands/command.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/prepare_tokenizer.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace orrery::cli {

namespace {

std::atomic<bool> g_stopped{false};

struct TokenizerArguments {
    DataSpec data;
    int64_t context = 128;
    uint64_t seed = 1337;
    std::string out = "tokenizer.json";
    std::string file, text;
};

ProgressFn trainingLine()
{
    if (!isatty(STDERR_FILENO)) return {};
    return [last = 0.0](uint64_t done, uint64_t total) mutable {
        const double now = monotonicSeconds();
        if (total == 0 || (now - last < 0.1 && done != total)) return;
        last = now;
        std::fprintf(stderr, "\r\033[Kreading and training %d %%", static_cast<int>(100 * done / total));
        if (done == total) std::fprintf(stderr, "\r\033[K");
    };
}

std::string idText(const std::optional<int32_t> &id) { return id ? std::to_string(*id) : "none"; }

nlohmann::ordered_json specialsOf(const Tokenizer &tokenizer)
{
    nlohmann::ordered_json specials = nlohmann::ordered_json::object();
    for (int32_t number = 0; number <= static_cast<int32_t>(SpecialToken::AudioStart) - 256; ++number) {
        const auto token = static_cast<SpecialToken>(256 + number);
        if (const auto id = tokenizer.specialId(token)) specials[specialTokenName(token)] = *id;
    }
    return specials;
}

int train(const Session &session, const TokenizerArguments &arguments)
{
    std::signal(SIGINT, [](int) { g_stopped = true; });
    TokenizerPreparation preparation{.data = arguments.data,
                                     .context = arguments.context,
                                     .seed = arguments.seed,
                                     .cacheDirectory = userCacheDir() / "shards",
                                     .progress = trainingLine(),
                                     .cancel = &g_stopped};
    preparation.data.tokenizer = "bpe";
    const double begin = monotonicSeconds();
    const auto found = withTrainedTokenizer(preparation);
    if (!found) return fail(session, found.error());
    const auto tokenizer = Tokenizer::create(*found);
    if (!tokenizer) return fail(session, tokenizer.error());
    if (const auto written = writeFileAtomically(arguments.out, (*tokenizer)->toJson()); !written)
        return fail(session, written.error());
    const double seconds = monotonicSeconds() - begin;
    if (session.json) {
        const nlohmann::ordered_json json = {{"file", arguments.out},
                                             {"vocab_size", (*tokenizer)->vocabSize()},
                                             {"special_tokens", specialsOf(**tokenizer)},
                                             {"seconds", seconds}};
        std::printf("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    } else {
        std::printf("wrote %s: %lld tokens, in %s\n", arguments.out.c_str(),
                    static_cast<long long>((*tokenizer)->vocabSize()), formatDuration(seconds).c_str());
    }
    return kExitOk;
}

int show(const Session &session, const TokenizerArguments &arguments)
{
    DataSpec data;
    data.tokenizer = arguments.file;
    const auto tokenizer = Tokenizer::create(data);
    if (!tokenizer) return fail(session, tokenizer.error());
    const auto pieces = (*tokenizer)->tokenize(arguments.text);
    if (!pieces) return fail(session, pieces.error());
    if (session.json) {
        nlohmann::ordered_json json = {{"vocab_size", (*tokenizer)->vocabSize()},
                                       {"special_tokens", specialsOf(**tokenizer)},
                                       {"tokens", nlohmann::ordered_json::array()}};
        for (const TokenPiece &piece : *pieces)
            json["tokens"].push_back({{"id", piece.id}, {"text", sanitizeUtf8(piece.bytes)}});
        std::printf("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        return kExitOk;
    }
    std::printf("vocabulary  %lld tokens\n", static_cast<long long>((*tokenizer)->vocabSize()));
    std::printf("end of text %s\n", idText((*tokenizer)->specialId(SpecialToken::EndOfText)).c_str());
    for (const TokenPiece &piece : *pieces)
        std::printf("%8d  %s\n", piece.id, nlohmann::json(sanitizeUtf8(piece.bytes)).dump().c_str());
    return kExitOk;
}

} // namespace

void addTokenizer(CLI::App &data, Session &session)
{
    auto *command = data.add_subcommand("tokenizer", "Train a tokenizer on a text, or look at one");
    command->require_subcommand(1);
    static TokenizerArguments arguments;
    auto *training = command->add_subcommand("train", "Train byte-level BPE on the training split of a text");
    training->add_option("path", arguments.data.path, "Text to train on")->required();
    training->add_option("--out", arguments.out, "File to write")->capture_default_str();
    training
        ->add_option("--vocab-size", arguments.data.vocabSize,
                     "Tokens in all: bytes, merges and specials; 0 for 8192")
        ->capture_default_str();
    training->add_option("--special-tokens", arguments.data.specialTokens, "default or none")
        ->capture_default_str();
    training->add_option("--val-fraction", arguments.data.valFraction, "Share of the text that is left out")
        ->capture_default_str();
    training->add_option("--context", arguments.context, "Context length in tokens that the split allows for")
        ->capture_default_str();
    training->add_option("--seed", arguments.seed, "Seed of the split")->capture_default_str();
    finishHere(training, session, "A training there makes its own with --set data.tokenizer=bpe; or run the command on that machine.", [&session] { return train(session, arguments); });
    auto *showing = command->add_subcommand("show", "What a tokenizer makes of a text");
    showing->add_option("file", arguments.file, "A tokenizer.json, or bytes")->required();
    showing->add_option("text", arguments.text, "Text to cut");
    finishHere(showing, session, "Copy the tokenizer.json here, or run the command on that machine.", [&session] { return show(session, arguments); });
}

} // namespace orrery::cli
