/// The provider of the benchmark: answers what the model's name scripts (script.h), as cheaply as
/// it can.
///
/// Answers are built once per model and sent from memory; whole ones with Content-Length, streams
/// chunked, one chunk per event as providers send them. A request without the provider's key is
/// answered 401, so that a gateway which forgot to inject it fails the run; Bedrock's signature is
/// only looked at, not verified. `POST /v1/chat/completions`, `/v1/messages`,
/// `/v1beta/models/M:generateContent`, `:streamGenerateContent`, `/model/M/converse`,
/// `/converse-stream`. Threading: one thread; run() returns when `stop`
/// is set and a signal interrupts the wait.
#pragma once
#include <csignal>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "framing.h"
#include "linux.h"
#include "script.h"

namespace weir::bench {

class Origin {
public:
    Origin(const sockaddr_in& address, std::string key);
    void run(const volatile std::sig_atomic_t& stop);

private:
    /// What goes on the wire for one model.
    struct Answer {
        std::string start;               ///< head and all that is sent at once
        std::vector<std::string> paced;  ///< then one of these per beat
        std::string end;                 ///< and this with the last
        std::chrono::microseconds pace{0};
    };
    struct Connection {
        Fd fd;
        std::uint64_t serial =
            0;  ///< tells a new connection from an old one with the same descriptor
        MessageReader reader;
        std::string head;
        std::string body;
        std::string unsent;
        const Answer* streaming = nullptr;
        std::size_t next_event = 0;

        void on_head(std::string_view bytes) { head.assign(bytes); }
        void on_body(std::string_view bytes) { body.append(bytes); }
    };
    struct Beat {
        Steady::time_point due;
        std::size_t slot;
        std::uint64_t serial;
        bool operator>(const Beat& other) const { return due > other.due; }
    };

    void accept_all();
    void read_from(std::size_t slot);
    void answer(std::size_t slot);
    void play_due_beats();
    void beat(std::size_t slot);
    void send(std::size_t slot, std::string_view bytes);
    void flush(std::size_t slot);
    void close(std::size_t slot);
    const Answer& answer_for(const Connection& connection);

    Fd listener_;
    Poller poller_;
    std::string key_;
    std::vector<std::unique_ptr<Connection>> connections_;  ///< by descriptor
    std::uint64_t serials_ = 0;
    std::unordered_map<std::string, Answer> answers_;
    std::priority_queue<Beat, std::vector<Beat>, std::greater<>> beats_;
    std::vector<char> buffer_;
};

}  // namespace weir::bench
