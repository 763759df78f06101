// SPDX-License-Identifier: Apache-2.0
#include "app/worker/stop_signals.h"

#include "app/worker/thread_name.h"
#include "core/base/exit_code.h"

#include <csignal>
#include <pthread.h>
#include <unistd.h>

namespace orrery::worker {

StopSignals::StopSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // Never joined: it waits for signals until the process ends.
    std::thread([this, signals] {
        nameThread("signals");
        for (;;) {
            int number = 0;
            if (sigwait(&signals, &number) != 0) continue;
            // Nothing may be flushed here: whoever holds a lock of stdio may be what the user wants to be rid
            // of.
            if (m_isRequested.exchange(true)) _exit(kExitCancelled);
        }
    }).detach();
}

StopSignals &stopSignals()
{
    static auto *signals = new StopSignals; // lives as long as its thread
    return *signals;
}

} // namespace orrery::worker
