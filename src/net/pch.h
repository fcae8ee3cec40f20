// Precompiled header of the rooms that see the event loop: base's and what the loop is made of.
// Never include it by hand.
#pragma once
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <coroutine>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/pch.h"
