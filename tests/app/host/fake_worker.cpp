// SPDX-License-Identifier: Apache-2.0
// A worker without LibTorch: owns its run, stores and sends reports whose numbers follow from the step, and
// obeys. Knobs by environment: FAKE_FAIL=1 (an error before anything), FAKE_SILENT_MS (time before it
// listens), FAKE_LINGER_MS (time between the end of its socket and its own), FAKE_PAUSED=1 (waits at step 0),
// FAKE_STEP_MS, FAKE_TOKEN_MS, FAKE_EVENT_EVERY (steps between notes in its log; 0: none), FAKE_FULL=1 (every
// field of its status says something; it waits at a breakpoint). Models come in and go out by their names: transfer(); what
// they learn, consolidate().
#include "core/base/exit_code.h"
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/rpc/worker_server.h"
#include "core/store/failure_note.h"
#include "core/store/run_directory.h"
#include "core/store/run_note.h"
#include "core/store/run_store.h"
#include "tests/rpc/fakes.h"
#include "tests/spec/full_status.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <vector>

using namespace orrery;

namespace {

std::atomic<bool> g_stop{false};

int knob(const char *name, int otherwise)
{
    const char *value = std::getenv(name);
    return value ? std::atoi(value) : otherwise;
}

void linger() { std::this_thread::sleep_for(std::chrono::milliseconds(knob("FAKE_LINGER_MS", 0))); }

int fail(const Error &error)
{
    std::fprintf(stderr, "orrery-worker: %s\n", error.text().c_str());
    return exitCodeFor(error.code);
}

class SteppingTrainer final : public Trainer {
public:
    SteppingTrainer(RunWriter &writer, RunStatus status) : m_writer(writer), m_status(std::move(status)) {}

    Result<RunState> run() override
    {
        setState(m_isPaused ? RunState::Paused : RunState::Running);
        for (;;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(knob("FAKE_STEP_MS", 5)));
            const std::lock_guard lock(m_mutex);
            if (m_isStopping || g_stop) return RunState::Stopped;
            if (m_status.step >= m_status.totalSteps) return RunState::Finished;
            if (m_isPaused && m_numAllowed == 0) continue;
            if (m_numAllowed > 0) --m_numAllowed;
            ++m_status.step;
            m_status.loss = 1.0 / static_cast<double>(m_status.step);
            m_status.lastReportAt = wallSeconds();
            m_status.state = m_isPaused && m_numAllowed == 0 ? RunState::Paused : RunState::Running;
            m_writer.addReport({m_status.step, wallSeconds(), m_status.attempt, {{"loss", m_status.loss}}});
            if (const int every = knob("FAKE_EVENT_EVERY", 0); every > 0 && m_status.step % every == 0)
                m_writer.addEvent({0, m_status.step, wallSeconds(), m_status.attempt, EventKind::Note,
                                   "step " + std::to_string(m_status.step), R"({"fake":true})"});
            m_writer.setStatus(m_status);
        }
    }
    Result<void> post(const ControlCommand &command) override
    {
        const std::lock_guard lock(m_mutex);
        switch (command.verb) {
        case ControlVerb::Pause:
            m_isPaused = true;
            break;
        case ControlVerb::Continue:
            m_isPaused = false;
            break;
        case ControlVerb::StepN:
            m_isPaused = true;
            m_numAllowed = command.steps;
            break;
        case ControlVerb::Stop:
            m_isStopping = true;
            break;
        case ControlVerb::Break: // it has no conditions to look at
            break;
        case ControlVerb::Set: {
            // Of settings it knows the one that is none.
            const auto note = noteFromValue(command.setting.value, m_status.id);
            if (!note) return note.error();
            m_writer.addEvent({0, note->step, wallSeconds(), m_status.attempt, EventKind::Note, note->text, notePayload(note->replaces)});
            break;
        }
        default:
            return Error{ErrorCode::InvalidInput, "Cannot do that: a fake knows no such verb.",
                         "Ask for less."};
        }
        if (m_isPaused && m_numAllowed == 0) m_status.state = RunState::Paused;
        m_writer.setStatus(m_status);
        return {};
    }
    Result<void> inspect(const std::shared_ptr<LiveInspection> &inspection) override
    {
        // Each look is at the weights of one more step, which all parts of its answer say.
        InspectReport report = test::inspectionOf(inspection->request);
        report.step = ++m_numLooks;
        report.layers = report.heads = 2;
        if (report.token < 0) report.token = 0;
        if (inspection->request.wantsOverview)
            for (const HeadRef head : {HeadRef{0, 0}, HeadRef{0, 1}, HeadRef{1, 0}, HeadRef{1, 1}})
                report.summaries.push_back({.head = head, .entropy = static_cast<double>(report.step)});
        for (AttentionMap &map : report.maps) map.mean.front() = 1.0F / static_cast<float>(report.step);
        inspection->answer = std::move(report);
        inspection->isAnswered.store(true, std::memory_order_release);
        return {};
    }
    [[nodiscard]] RunStatus status() const override
    {
        const std::lock_guard lock(m_mutex);
        return m_status;
    }
    void setState(RunState state)
    {
        const std::lock_guard lock(m_mutex);
        m_status.state = state;
        m_writer.setStatus(m_status);
    }

private:
    mutable std::mutex m_mutex;
    RunWriter &m_writer;
    RunStatus m_status;
    bool m_isPaused = knob("FAKE_PAUSED", 0) > 0 || knob("FAKE_FULL", 0) > 0;
    bool m_isStopping = false;
    int64_t m_numAllowed = 0;
    std::atomic<int64_t> m_numLooks{0};
};

Result<void> train(const std::string &folder, int64_t steps)
{
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(folder));
    RunStatus status = run.status();
    ORRERY_ASSIGN(const LockFile lock, run.lock("training"));
    ORRERY_ASSIGN(const FailureFile failureFile, FailureFile::reserve(run.path()));
    ORRERY_TRY(run.writeWorkerInfo({::getpid(), "", wallSeconds(), "fake"}));
    ORRERY_ASSIGN(const std::unique_ptr<RunWriter> writer, RunWriter::open(run.path()));
    status.state = RunState::Starting;
    status.error.clear();
    status.totalSteps = steps > 0 ? steps : run.frozen().spec.train.steps;
    writer->setStatus(status);
    ORRERY_TRY(writer->flush());
    for (int waited = 0; waited < knob("FAKE_SILENT_MS", 0) && !g_stop; waited += 10)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ORRERY_ASSIGN(status.attempt, writer->beginAttempt(status.step));
    if (knob("FAKE_FULL", 0) > 0) {
        const RunStatus own = status;
        status = test::fullStatus();
        // These are the run's, whatever a worker says.
        std::tie(status.id, status.name, status.directory, status.createdAt, status.lastFrameId, status.parent,
                 status.parentStep, status.labels) =
            std::tie(own.id, own.name, own.directory, own.createdAt, own.lastFrameId, own.parent, own.parentStep,
                     own.labels);
    }

    SteppingTrainer trainer(*writer, status);
    ORRERY_ASSIGN(const std::filesystem::path runtime, runtimeDir());
    const std::string socket = (runtime / ("run-" + std::to_string(::getpid()) + ".sock")).string();
    ORRERY_ASSIGN(std::unique_ptr<RunServer> server, RunServer::start(socket, run, trainer));
    writer->setCommitListener(
        [&](const auto &reports, const auto &events) { server->publish(reports, events); });
    ORRERY_TRY(run.writeWorkerInfo({::getpid(), socket, wallSeconds(), "fake"}));
    const Result<RunState> ended = trainer.run();
    if (!ended.ok()) return ended.error();
    trainer.setState(*ended);
    ORRERY_TRY(writer->flush());
    writer->setCommitListener({});
    server.reset();
    linger();
    return {};
}

Result<void> serve(const std::string &model, const std::string &socket, double idleSeconds)
{
    if (model.find("missing") != std::string::npos)
        return Error{ErrorCode::NotFound, "Cannot load model \"" + model + "\": no such model.",
                     "Name another one."};
    test::FakeGenerator generator;
    generator.tokenMs = knob("FAKE_TOKEN_MS", 0);
    // The note tells the test which process answered.
    class Noted final : public Generator {
    public:
        Noted(Generator &inner, std::string name) : m_inner(inner), m_name(std::move(name)) {}
        [[nodiscard]] ModelInfo info() const override
        {
            ModelInfo info = m_inner.info();
            info.name = m_name;
            info.note = std::to_string(::getpid());
            if (m_memory.starts_with("foreign")) info.note += " What is loaded is of another run.";
            return info;
        }
        Result<GenerateSummary> generate(const GenerateRequest &request,
                                         const std::function<bool(const GeneratedToken &)> &onToken,
                                         const std::atomic<bool> &cancel) override
        {
            return m_inner.generate(lastTurnOf(request), onToken, cancel);
        }
        Result<EvaluateSummary> evaluate(const std::string &path, const std::atomic<bool> &cancel) override
        {
            return m_inner.evaluate(path, cancel);
        }
        Result<EmbedSummary> embed(const EmbedRequest &request, const std::atomic<bool> &cancel) override
        {
            return m_inner.embed(request, cancel);
        }
        /// A memory is a text: what was loaded, and a line for each edit since. That of a file is edited where it is.
        Result<MemoryReport> editMemory(const MemoryEdit &edit) override
        {
            if (!edit.file.empty()) {
                ORRERY_ASSIGN(std::string held, readFile(edit.file, 1 << 20));
                if (edit.verb == MemoryVerb::Save) {
                    ORRERY_TRY(writeFileAtomically(edit.path, held));
                } else if (edit.verb != MemoryVerb::List) {
                    held += std::string(memoryVerbName(edit.verb)) + ' ' + std::to_string(edit.event) + '\n';
                    ORRERY_TRY(writeFileAtomically(edit.file, held));
                }
            } else if (edit.verb == MemoryVerb::Load && edit.path.empty()) {
                m_memory.clear();
            } else if (edit.verb == MemoryVerb::Load) {
                ORRERY_ASSIGN(m_memory, readFile(edit.path, 1 << 20));
            } else if (edit.verb == MemoryVerb::Save) {
                ORRERY_TRY(writeFileAtomically(edit.path, m_memory));
            } else if (edit.verb != MemoryVerb::List) {
                m_memory += std::string(memoryVerbName(edit.verb)) + ' ' + std::to_string(edit.event) + '\n';
            }
            return m_inner.editMemory(edit);
        }
        [[nodiscard]] Result<std::vector<TokenPiece>> tokenize(const std::string &text) const override
        {
            return m_inner.tokenize(text);
        }
        Result<InspectReport> inspect(const InspectRequest &request, const std::atomic<bool> &cancel) override
        {
            InspectRequest asked = request;
            asked.input = lastTurnOf(request.input);
            auto report = m_inner.inspect(asked, cancel);
            if (report) report->model = m_name;
            if (report && report->token < 0 && asked.input.prompt != "no place") report->token = 0;
            if (!report || !request.withMemory) return report;
            std::string behind = m_memory;
            size_t numEdits = request.memoryEdits.size();
            if (numEdits > 0 && request.memoryEdits.front().verb == MemoryVerb::Load) { // of a file in place of what it has
                --numEdits;
                behind.clear();
                if (const std::string &path = request.memoryEdits.front().path; !path.empty()) {
                    ORRERY_ASSIGN(behind, readFile(path, 1 << 20));
                }
            }
            report->note = behind + std::to_string(numEdits) + " edits";
            return report;
        }

    private:
        /// A conversation is as good as its last turn.
        static GenerateRequest lastTurnOf(GenerateRequest request)
        {
            if (!request.messages.empty()) request.prompt = request.messages.back().content;
            return request;
        }

        Generator &m_inner;
        std::string m_name, m_memory;
    } noted(generator, model);
    ORRERY_ASSIGN(std::unique_ptr<ModelServer> server, ModelServer::start(socket, noted));
    Result<void> ended = server->run(idleSeconds, [] { return g_stop.load(); });
    server.reset();
    linger();
    return ended;
}

/// `settings`, `begin` and `export` of a model whose path says what it is like: one with "broken" in it cannot be read, and
/// "slow" is exported until somebody ends it.
Result<void> transfer(const std::string &command, const std::string &model, const std::string &target)
{
    if (model.find("broken") != std::string::npos)
        return Error{ErrorCode::InvalidInput, "Cannot read model \"" + model + "\": its shapes differ.", "Choose another one."};
    if (command == "settings") {
        std::printf("a note\n{\"model\":{\"layers\":3,\"width\":96,\"heads\":3}}\n");
        return {};
    }
    if (command == "begin") return writeFileAtomically(std::filesystem::path(target) / "begun", model);
    std::filesystem::create_directories(target);
    for (int i = 1; i <= 4; ++i) {
        std::printf("{\"event\":\"progress\",\"bytes\":%d,\"total_bytes\":400}\n", i * 100);
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::milliseconds(250));
    }
    while (!g_stop && model.find("slow") != std::string::npos) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (g_stop) {
        std::filesystem::remove_all(target);
        return Error{ErrorCode::Cancelled, "Cannot finish: it was cancelled.", ""};
    }
    std::printf("{\"event\":\"done\",\"model\":\"x\",\"source\":\"a model\",\"step\":7,\"bytes\":400,\"memory\":true,"
                "\"plugins\":[\"memory 1.0.0\"],\"architecture\":\"LlamaForCausalLM\"}\n");
    return {};
}

/// What was learned is the memory file and the settings as they were given; a model called "slow" goes on until somebody ends
/// it, and "stubborn" has to be killed while it writes.
Result<void> consolidate(const std::vector<std::string> &arguments, const std::string &model, const std::string &memory,
                         const std::string &target)
{
    if (model.find("plain") == std::string::npos && model.find("slow") == std::string::npos && model.find("stubborn") == std::string::npos)
        return Error{ErrorCode::NotFound, "Cannot consolidate: the model has no semantic memory.",
                     "Train it with plugins.memory.semantic_size above 0."};
    const auto tell = [](const char *phase, int numDone, int numTotal) {
        std::printf("{\"event\":\"progress\",\"phase\":\"%s\",\"done\":%d,\"total\":%d}\n", phase, numDone, numTotal);
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
    };
    tell("reading", 0, 1);
    for (int pass = 0; pass < 2; ++pass) tell("learning", pass, 2);
    if (model.find("stubborn") != std::string::npos) {
        std::filesystem::create_directories(target + ".partial");
        tell("writing", 0, 0);
        while (true) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    while (!g_stop && model.find("slow") != std::string::npos) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (g_stop) return Error{ErrorCode::Cancelled, "Cannot finish consolidating: it was cancelled.", ""};
    std::filesystem::create_directories(target);
    std::string learned = "of its own", given;
    if (!memory.empty()) {
        ORRERY_ASSIGN(learned, readFile(memory, 1 << 20));
    }
    for (size_t i = 0; i + 1 < arguments.size(); ++i)
        for (const char *option : {"--data", "--slots", "--passes", "--rate"})
            if (arguments[i] == option) given += (given.empty() ? "" : " ") + arguments[i] + ' ' + arguments[i + 1];
    nlohmann::json done = {{"event", "done"},  {"source", "a model"}, {"step", 7},          {"texts", 3}, {"slots_changed", 12},
                           {"loss_before", 2.5}, {"loss_after", 0.5}, {"protected_texts", 256}};
    done["learned"] = nlohmann::json::array({learned, given});
    done["protected_from"] = nlohmann::json::array({"/texts"});
    done["protected_loss_before"] = 1.25;
    done["protected_loss_after"] = nullptr; // as a loss that is no number
    std::printf("%s\n", done.dump().c_str());
    return {};
}

/// Rows as the worker's, of all plugins or of one: those whose names say so throw or hang.
Result<void> tryPlugins(const std::string &id)
{
    std::ofstream(std::string(std::getenv("ORRERY_HOME")) + "/tried", std::ios::app) << (id.empty() ? "all" : id) << '\n';
    const PluginCatalogue catalogue = PluginCatalogue::ofThisUser().preferring({id});
    for (const PluginRecord &record : catalogue.records()) {
        if (!id.empty() && record.info.id != id) continue;
        while (record.info.id.starts_with("hangs") && !g_stop) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const bool isBad = record.info.id.starts_with("throws");
        std::printf("{\"id\":\"%s\",\"state\":\"%s\",\"reason\":\"%s\",\"hint\":\"%s\"}\n", record.info.id.c_str(),
                    isBad ? "refused" : pluginStateName(record.info.state),
                    isBad ? "Cannot use it: create() failed: out of order." : "", isBad ? "Ask its author." : "");
    }
    return {};
}

} // namespace

int main(int argc, char **argv)
{
    ::alarm(3600); // none outlives a test that was killed
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, [](int) { g_stop = true; });
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto option = [&](const std::string &name) {
        for (size_t i = 0; i + 1 < arguments.size(); ++i)
            if (arguments[i] == name) return arguments[i + 1];
        return std::string();
    };
    if (arguments.size() < 2) return kExitUsage;
    if (knob("FAKE_FAIL", 0) > 0)
        return fail({ErrorCode::InvalidInput,
                     "Cannot read data \"broken\": line 7 is not JSON, expected an object.",
                     "Correct line 7."});
    if (arguments[0] == "check-plugin") {
        const Result<void> tried = tryPlugins(arguments[1].starts_with("--") ? std::string() : arguments[1]);
        return tried.ok() ? kExitOk : fail(tried.error());
    }
    if (arguments[0] == "settings" || arguments[0] == "begin" || arguments[0] == "export") {
        const bool isBegin = arguments[0] == "begin";
        const Result<void> moved = transfer(arguments[0], option(isBegin ? "--from" : "--model"),
                                            isBegin ? arguments[1] : option("--out"));
        return moved.ok() ? kExitOk : fail(moved.error());
    }
    if (arguments[0] == "memory") {
        const Result<void> learned = consolidate(arguments, option("--model"), option("--memory"), option("--out"));
        if (learned.ok()) return kExitOk;
        const Error &error = learned.error(); // as the worker says it with --json
        const nlohmann::json json = {{"event", "error"}, {"code", errorCodeName(error.code)}, {"message", error.message}, {"hint", error.hint}};
        std::printf("%s\n", json.dump().c_str());
        return exitCodeFor(error.code);
    }
    Result<void> done = arguments[0] == "train" ? train(arguments[1], std::atoll(option("--steps").c_str()))
                                                : serve(option("--model"), option("--socket"),
                                                        std::atof(option("--idle-seconds").c_str()));
    return done.ok() ? kExitOk : fail(done.error());
}
