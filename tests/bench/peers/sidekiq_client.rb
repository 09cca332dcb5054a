# ruby sidekiq_client.rb COUNT BULK DELAY_MS: puts jobs in, all due then; prints how many a second as JSON.
require_relative "sidekiq_worker"

count, bulk, delay_ms = ARGV.map(&:to_i)
payload, now = "x" * 100, -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
due_ms = Process.clock_gettime(Process::CLOCK_REALTIME, :float_millisecond) + delay_ms
begun = now.call
(count / bulk).times do
  args = Array.new(bulk) { [payload, due_ms] }
  later = delay_ms.zero? ? {} : { "at" => due_ms / 1000 }
  bulk > 1 ? Sidekiq::Client.push_bulk({ "class" => BenchJob, "args" => args }.merge(later))
           : Sidekiq::Client.push({ "class" => BenchJob, "args" => args[0] }.merge(later))
end
puts JSON.generate(per_s: count / (now.call - begun))
